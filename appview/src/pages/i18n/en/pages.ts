/** The words of the other pages: needs, accounts, status, policy, API and feeds. */
import { formatFor, sentence } from '../format.ts'

const { count, plural } = formatFor('en')

export const pagesEn = {
  needs: {
    title: 'What needs help',
    intro:
      'Data is lost when nobody keeps a copy. Choose something, keep a copy of it, and it is safe a little longer.',
    badge: 'Needs seeders',
    because: 'Why:',
    howToHelp: 'How to help',
    nobodySeeds: 'nobody seeds it now',
    onlySeeders: count('only # person seeds it', 'only # people seed it'),
    lastSeeder: (when: string) => `the last seeder was seen ${when}`,
    neverSeeded: 'no seeder was ever seen here',
    waiting: count('# person is waiting for it', '# people are waiting for it'),
    noWebseed: 'no webseed is known to serve it',
    webseedsOnly: count('# webseed still serves it', '# webseeds still serve it'),
    summary: ({ losing, seeders }: { losing: number; seeders: number }) =>
      sentence([
        losing > 0 &&
          plural(losing, {
            one: '# dataset loses its source this month',
            other: '# datasets lose their source this month',
          }),
        seeders > 0 &&
          plural(seeders, {
            one: '# torrent has too few seeders',
            other: '# torrents have too few seeders',
          }),
      ]),
    losing: 'Losing their source',
    losingText:
      'Their source is expected to go within a month, or the day has passed. Save the files while they are there.',
    unsaved: 'Endangered, and not saved',
    unsavedText: 'Somebody says that these are in danger, and nobody has made a torrent of them yet.',
    unseeded: 'Nobody has all of it',
    unseededText:
      'These files were shared, and right now nobody who is online has all of them. If you have a copy, start your client.',
    few: 'Too few copies',
    fewText: 'One or two people share these. Download them, and keep your client running.',
    nothing: 'As far as this index knows, nothing needs help now. Look again tomorrow.',
  },
  account: {
    domainVerified: 'verified domain of its own',
    datasets: 'Datasets described',
    noDatasets: 'None yet.',
    torrents: 'Torrents published',
    contributions: 'Contributions to other people’s data',
    published: count('# dataset described', '# datasets described'),
    holds: count('# torrent published', '# torrents published'),
    serves: count('# webseed', '# webseeds'),
    assessed: count('# assessment', '# assessments'),
    since: (date: string) => `here since ${date}`,
    servesAt: 'Serves',
    assessedThis: 'Assessed',
    notIndexed: 'something not indexed here',
  },
  record: {
    title: 'Status of a record',
    intro:
      'See what this index has done with a record, and why. This helps authors whose record is not shown.',
    label: 'AT-URI of the record',
    button: 'Look it up',
    invalid:
      'That is not the AT-URI of a record of an account known here. It should look like at://did:plc:…/collection/key.',
    status: 'Status',
    reason: 'Reason',
    message: 'More about it',
    metainfo: 'The .torrent',
    nextAttempt: 'Next attempt',
    open: 'Open its page',
  },
  status: {
    title: 'Status of the index',
    intro: 'What this index follows, how far behind it is, and what it refused.',
    sources: 'Sources',
    noSources: 'No source is followed.',
    connected: 'connected',
    notConnected: 'not connected',
    lag: (seconds: string) => `${seconds} s behind`,
    caughtUp: 'caught up',
    needsRebuild:
      'An older version made this index, so searches still follow the rules of that version. Its operator can run',
    waiting: (count: number, written: string) =>
      count === 1 ? '1 event waiting to be stored' : `${written} events waiting to be stored`,
    lastEvent: (when: string) => `last event ${when}`,
    repos: 'Repositories',
    torrents: 'Torrents by state of their .torrent',
    rejects: 'Refused records by reason',
    rejectsNote: 'A refused record stays in its author’s repository. Anyone can look up why it was refused.',
    none: 'None.',
  },
  policy: {
    contact: 'Contact',
    noContact: 'The operator of this server has not published an address.',
    writeTo: 'Complaints about something listed here go to',
    nameIt: 'Give the address of the page, and say who you are and why the page should be removed.',
    limits: 'Limits',
    recordBytes: 'Size of a record',
    metainfoBytes: 'Size of a .torrent',
    indexedFiles: 'Files indexed of one torrent',
    recordsPerAccount: 'Records of one account',
  },
  api: {
    title: 'API',
    intro:
      'Everything these pages show comes from the same methods that anyone may call. This reference is generated from the lexicons.',
    base: 'Methods are called under',
    kinds: { query: 'Queries', procedure: 'Procedures, for the operator', subscription: 'Live streams' },
    records: 'Records',
    parameters: 'Parameters',
    input: 'Input',
    output: 'Output',
    errors: 'Errors',
    required: 'required',
    tryIt: 'Try it',
    send: 'Send',
  },
  feeds: {
    intro: 'Follow what is new without an account: give one of these addresses to any feed reader.',
    list: [
      { name: 'New datasets', path: '/feeds/datasets.atom', text: 'As they are indexed.' },
      {
        name: 'New torrents',
        path: '/feeds/torrents.rss',
        text: 'For BitTorrent clients that subscribe to RSS: they fetch and seed by themselves.',
      },
      { name: 'Needs seeders', path: '/feeds/needs.rss', text: 'Give this to a client with room to spare.' },
      {
        name: 'Lost sources',
        path: '/feeds/lost.atom',
        text: 'Datasets none of whose sources answers any more, with the torrents that are left.',
      },
      { name: 'One keyword', path: '/feeds/keyword/…', text: 'Linked on the page of each keyword.' },
      {
        name: 'Linked data',
        path: '/catalog.ttl',
        text: 'Every dataset as a DCAT catalog, in pages; .jsonld and .rdf as well.',
      },
      {
        name: 'One dataset as linked data',
        path: '/dataset/….ttl',
        text: 'The address of its page, asked for as Turtle, JSON-LD or RDF/XML.',
      },
      {
        name: 'OAI-PMH',
        path: '/oai?verb=Identify',
        text: 'For library catalogs that harvest: Dublin Core and DataCite.',
      },
      { name: 'Sitemap', path: '/sitemap.xml', text: 'Every page of this site, for search engines.' },
    ],
  },
}
