/** The words of every page, of the first page and of the search. */
import { formatFor } from '../format.ts'

const { number } = formatFor('en')

export const siteEn = {
  site: {
    tagline: 'public data that outlives its source',
    skip: 'Skip to content',
    mainNavigation: 'Main',
    moreNavigation: 'More',
    languages: 'Languages',
    pages: 'Pages',
    firstPage: 'Back to the first page',
    previousPage: 'Previous page',
    nextPage: 'Next page',
    promise: 'No cookies, no analytics, nothing loaded from anywhere else.',
    andMore: (n: number) => `and ${number(n)} more`,
  },
  nav: {
    browse: 'Browse',
    needs: 'Needs help',
    publish: 'Publish',
    help: 'How to help',
    about: 'About',
    feeds: 'Feeds',
    api: 'API',
    status: 'Index status',
    policy: 'Policy and contact',
  },
  home: {
    title: 'Public data, held by many',
    breath:
      'Datasets that may disappear, described by the people who save them and shared between their computers, so that nobody can switch them off.',
    newest: 'Newest',
    allNewest: 'All, newest first',
    nothingYet: 'Nothing is indexed here yet.',
    beFirst: 'Publish the first dataset',
    helpNow: 'Needs help now',
    allNeeds: 'All that needs help',
    howTitle: 'How it works',
    how: [
      {
        title: 'Somebody describes a dataset',
        text: 'in their own repository on the AT Protocol, signed, theirs to keep.',
      },
      {
        title: 'The files become a torrent.',
        text: 'Anyone who has it can pass it on, and every piece is checked.',
      },
      {
        title: 'Everyone who stays keeps it alive.',
        text: 'If this site goes, the descriptions and the files are still out there, and another index can list them.',
      },
    ],
    howLink: 'How to help, from scratch',
    newHere: 'New here? How it works',
  },
  totals: {
    label: 'Totals',
    datasets: { one: 'dataset described', other: 'datasets described' },
    size: 'shared',
    torrents: { one: 'torrent verified', other: 'torrents verified' },
    seeders: { one: 'copy held now', other: 'copies held now' },
    authors: { one: 'person or institution', other: 'people and institutions' },
  },
  search: {
    title: 'Search',
    titleFor: (q: string) => `${q}: search`,
    label: 'Search datasets',
    placeholder: 'Words, a DOI, an infohash…',
    button: 'Search',
    filters: 'Filters',
    active: 'Filters in use',
    apply: 'Apply',
    sort: 'Sort by',
    takeBack: '(remove)',
    nothing: 'Nothing was found.',
    noneOfThese: {
      keyword: 'No dataset here has this keyword.',
      publisher: 'No dataset here names this publisher.',
    },
    advice: {
      words: 'Try fewer or more general words.',
      filter: 'Remove a filter.',
      identifier: 'A DOI, an infohash or a handle leads straight to what it names.',
    },
    searchFor: (words: string) => `Search for “${words}” instead`,
    describeIt: 'Do you know this data? Describe it yourself.',
    about: (results: string) => `About ${results}`,
    results: { one: '# result', other: '# results' },
    corrected: (query: string) => `Not every word you typed occurs here; these are results for “${query}”.`,
    withTorrent: 'With a torrent',
    withoutTorrent: 'Without a torrent',
    howTo: 'How to search',
    narrow: 'Narrow this down',
    feed: 'Feed',
    operators: [
      { example: '"sea ice"', meaning: 'these words side by side' },
      { example: 'ice -model', meaning: 'without a word' },
      { example: 'title:glacier', meaning: 'in the title' },
      { example: 'publisher:noaa', meaning: 'by a publisher' },
      { example: 'risk:endangered', meaning: 'by how endangered it is' },
      { example: 'format:netcdf', meaning: 'by the format of its files' },
    ],
  },
  errors: {
    page: {
      title: 'There is nothing here',
      text: 'The address is wrong, or what was here has moved. Search for it:',
    },
    dataset: {
      title: 'No such dataset here',
      text: 'It was deleted, has not been let in, or was never seen by this index. Its author can look up its status.',
    },
    torrent: { title: 'No such torrent here', text: 'No visible record names this infohash.' },
    account: { title: 'No such account here', text: 'This index shows no record of this account.' },
    request: {
      title: 'This request cannot be answered',
      text: 'This server does not understand a part of the address.',
    },
    fault: {
      title: 'Something went wrong here',
      text: 'It is our fault and was logged. Try again in a moment.',
    },
    home: 'To the home page',
  },
}
