import type { Sample } from './sample.ts'
import { library, volunteer } from './sample.ts'

/** Every page of the sample, by a name for its screenshot. */
export function samplePaths(sample: Sample): Readonly<Record<string, string>> {
  const dataset = (rkey: string) => {
    const [, , did, , key] = sample.datasets[rkey]!.split('/')
    return `/dataset/${did}/${key}`
  }
  const torrent = (name: string) => `/torrent/${sample.torrents[name]!.infoHash}`
  return {
    home: '/',
    'home-es': '/?lang=es',
    search: '/search?q=ice',
    'search-all': '/search',
    'search-filtered': '/search?keyword=climate&risk=endangered&sort=expected-gone',
    'search-nothing': '/search?q=zzzzzzz',
    dataset: dataset('sea-ice-extent'),
    'dataset-es': `${dataset('sea-ice-extent')}?lang=es`,
    'dataset-long-name': dataset('long-name'),
    'dataset-arabic': dataset('arabic'),
    'dataset-long-description': dataset('long-description'),
    description: `/description?${new URLSearchParams({ uri: sample.datasets['long-description']! })}`,
    'dataset-bare': dataset('bare'),
    'dataset-version': dataset('sea-ice-extent-v4'),
    torrent: torrent('ice'),
    'torrent-directory': `${torrent('ice')}?in=monthly/`,
    'torrent-unseeded': torrent('strange'),
    account: `/account/${library.handle}`,
    'account-volunteer': `/account/${volunteer.did}`,
    keyword: '/keyword/climate',
    publisher: '/publisher/Bureau%20of%20Soils',
    'publisher-none': '/publisher/Nobody',
    needs: '/needs',
    record: `/record?${new URLSearchParams({ uri: sample.datasets.bare! })}`,
    status: '/status',
    about: '/about',
    help: '/help',
    policy: '/policy',
    feeds: '/feeds',
    publish: '/publish',
    'publish-webseed': `/publish/webseed?infoHash=${sample.torrents.ice!.infoHash}`,
    'publish-profile': '/publish/profile',
    'publish-assessment': `/publish/assessment?${new URLSearchParams({ subject: sample.datasets.bare! })}`,
    'publish-torrent': '/publish/torrent',
    'my-records': '/my',
    api: '/api',
    'api-method': '/api/searchDatasets',
    'not-found': '/nothing/here',
  }
}
