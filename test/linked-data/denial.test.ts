/** Content that the operator denies disappears at once from everything that is harvested, and returns when it is allowed again. */
import { testBackends } from '@holdfast/appview/testing/backends'
import { methods } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { adminToken, startIndex, uriOf } from '../appview/index-under-test.ts'
import { sampleTorrent } from '../appview/sample-torrent.ts'

const alice = 'did:plc:alicealicealicealice1234'
const ice = uriOf(alice, 'dataset', 'ice')
const torrent = sampleTorrent('sea-ice', ['a.csv', 'b.csv'])
const page = `/dataset/${alice}/ice`
const paths = [
  `${page}.ttl`,
  `${page}?format=schema.org`,
  '/catalog.rdf',
  `/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier=${ice}`,
  '/oai?verb=ListRecords&metadataPrefix=oai_datacite',
  '/sitemaps/torrents-0.xml',
]

test.each(testBackends())(
  'a dataset that is denied disappears from all forms until it is admitted, on $name',
  async ({ open }) => {
    await using index = await startIndex({ open })
    await index.write(alice, [
      { put: 'dataset', rkey: 'ice', record: { title: 'Sea ice' } },
      { put: 'torrent', rkey: 'ice', record: { ...torrent.record, datasets: [{ uri: ice }] } },
    ])
    await index.verify(new Map([[torrent.blobCid, torrent.bytes]]))
    const text = async (path: string) => (await fetch(index.url + path)).text()
    const showing = async (what: string) => {
      const shown = await Promise.all(
        paths.map(async (path) => ((await text(path)).includes(what) ? [path] : [])),
      )
      return shown.flat()
    }
    const operator = async (action: string, subject: string) => {
      const response = await fetch(`${index.url}/xrpc/${methods.updateAdmission}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ action, subject, reason: 'a test' }),
      })
      expect(response.status, await response.text()).toBe(200)
    }
    const stamp = async () => /<datestamp>([^<]+)/.exec(await text(paths[3]!))?.[1]
    expect(await showing(torrent.infoHashV1)).toEqual(paths)

    await operator('deny', torrent.infoHashV1)
    expect(await showing(torrent.infoHashV1)).toEqual([])
    expect(await showing('Sea ice')).toEqual(paths.slice(0, 5))

    await operator('deny', ice)
    expect(await showing('Sea ice')).toEqual([])
    expect(await text('/sitemap.xml')).not.toContain('datasets-')
    expect(await text(paths[3]!)).toContain('<header status="deleted">')
    const deniedAt = await stamp()

    await operator('restore', ice)
    await operator('restore', torrent.infoHashV1)
    expect(await showing(torrent.infoHashV1)).toEqual(paths)
    const since = await text(`/oai?verb=ListIdentifiers&metadataPrefix=oai_dc&from=${deniedAt}`)
    expect(since).toContain(`<header><identifier>${ice.replace('at://', 'oai:localhost:')}</identifier>`)
    expect(index.takeFaults()).toEqual([])
  },
)
