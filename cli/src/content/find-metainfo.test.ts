import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getTorrent } from '@holdfast/lexicons'
import { parseAuthorities } from '@holdfast/lexicons/authority'
import { collections } from '@holdfast/lexicons/nsid'
import { createTorrent } from '@holdfast/torrent/create'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AppView } from '../appview.ts'
import { CommandError } from '../command-error.ts'
import type { Connections } from '../connections.ts'
import type { RecordJson } from '../records/repo.ts'
import { findMetainfo } from './find-metainfo.ts'

type Made = Awaited<ReturnType<typeof createTorrent>>

let home: string
let asked: Made
let other: Made
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-find-'))
  await writeFile(join(home, 'a'), 'asked for')
  await writeFile(join(home, 'b'), 'sent in its place')
  asked = await createTorrent(join(home, 'a'))
  other = await createTorrent(join(home, 'b'))
})
afterAll(() => rm(home, { recursive: true }))

const author = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const uriOf = (rkey: string) => `at://${author}/${collections.torrent}/${rkey}`

/** An AppView that sends `sent`, and an author's server with `record`; without one, that server is gone. */
function networkOf(sent: Made, record: RecordJson | undefined): Connections {
  const { infoHashV1, infoHashV2 } = sent
  const view = (uri: string) => ({ torrents: [{ uri, record: { infoHashV1, infoHashV2 } }] })
  const query = async (method: unknown, { uri }: { uri: string }) =>
    method === getTorrent ? view(uri) : sent.metainfo
  const appView = { url: 'http://appview.example', query } as unknown as AppView
  return {
    config: { authorities: parseAuthorities(undefined) },
    appView: async () => appView,
    readRepo: async () => {
      if (!record) throw new CommandError('network', 'The server is gone.')
      return {
        pdsUrl: 'http://pds.example',
        repo: { get: async () => ({ uri: '', cid: '', rkey: '', value: record }) },
      }
    },
  } as unknown as Connections
}

test('accepts a .torrent from the AppView whose record key is its infohash', async () => {
  const uri = uriOf(asked.infoHashV2!)
  const [found] = await findMetainfo(networkOf(asked, undefined), uri, undefined)
  expect(found).toMatchObject({ uri, metainfo: { infoHashV2: asked.infoHashV2 } })
})

test('under another record key, the record at its author’s server decides', async () => {
  const record = { infoHashV2: asked.infoHashV2 }
  const [found] = await findMetainfo(networkOf(asked, record), uriOf('mine'), undefined)
  expect(found!.metainfo.infoHashV2).toBe(asked.infoHashV2)
  await expect(findMetainfo(networkOf(other, record), uriOf('mine'), undefined)).rejects.toThrow()
  await expect(findMetainfo(networkOf(asked, {}), uriOf('mine'), undefined)).rejects.toThrow()
})

test('accepts a record of another key from the AppView if its PDS is gone', async () => {
  const [found] = await findMetainfo(networkOf(asked, undefined), uriOf('mine'), undefined)
  expect(found!.metainfo.infoHashV2).toBe(asked.infoHashV2)
})

test('never uses another torrent than the one asked for', async () => {
  for (const what of [uriOf(asked.infoHashV2!), asked.infoHashV1!, `magnet:?xt=urn:btih:${asked.infoHashV1}`])
    await expect(findMetainfo(networkOf(other, undefined), what, undefined)).rejects.toThrow()
})

test('follows the addresses in an unknown magnet link and checks the infohashes', async () => {
  const fetches: string[] = []
  const network = {
    appView: async () => ({
      url: 'http://appview.example',
      query: async () => {
        throw new CommandError('notFound', 'There is no such torrent.')
      },
    }),
    strangerFetch: async () => async (url: string) => {
      fetches.push(url)
      return new Response(Buffer.from(url.endsWith('/wrong') ? other.metainfo : asked.metainfo))
    },
  } as unknown as Connections
  const link = (...paths: string[]) =>
    `magnet:?xt=urn:btmh:1220${asked.infoHashV2}${paths.map((path) => `&xs=http://a.example/${path}`).join('')}`
  const [found] = await findMetainfo(network, link('wrong', 'right'), undefined)
  expect(found!.metainfo.infoHashV2).toBe(asked.infoHashV2)
  expect(fetches).toEqual(['http://a.example/wrong', 'http://a.example/right'])
  await expect(findMetainfo(network, link('wrong'), undefined)).rejects.toThrow('no such torrent')
  await expect(findMetainfo(network, link(), undefined)).rejects.toThrow('no such torrent')
})
