import type { Metainfo } from '@holdfast/torrent/metainfo'
import { expect, test } from 'vitest'
import { readTorrentId } from './torrent-id.ts'

const v1 = 'd5a6161a819cdca73f1bec95a15a60ec4a393195'
const v2 = '84e78257d7c79879b764143ccf8392974d37c2e9fbc3b0f95e7f5c292959f2b8'
const other = '0'.repeat(40)
const base32 = '2WTBMGUBTTOKOPY35SK2CWTA5RFDSMMV'

const fileOf = (infoHashV1: string | null, infoHashV2: string | null) =>
  ({ infoHashV1, infoHashV2 }) as Metainfo
const hybrid = fileOf(v1, v2)

async function nameOf(text: string) {
  const id = await readTorrentId(text)
  if (id.kind !== 'content') throw new Error(`${text} is a ${id.kind}`)
  return id.name
}

test('tells paths, addresses, infohashes and magnet links apart', async () => {
  expect(await readTorrentId(' at://did:plc:a/b/c\n')).toEqual({ kind: 'record', uri: 'at://did:plc:a/b/c' })
  for (const url of ['https://a.example/b.torrent', 'HTTP://a.example/download?id=5'])
    expect(await readTorrentId(url)).toEqual({ kind: 'address', url })
  for (const path of ['./a.torrent', 'magnet.torrent', `./${v1}`, `${v1}.torrent`, 'ftp://a/b.torrent'])
    expect(await readTorrentId(path)).toEqual({ kind: 'path', path })
})

test.each([v1, v1.toUpperCase(), ` ${v1}\n`, `urn:btih:${v1}`, base32, base32.toLowerCase()])(
  'finds a torrent by its v1 infohash %s',
  async (text) => {
    const { query, names } = await nameOf(text)
    expect(query).toBe(v1)
    expect([names(hybrid), names(fileOf(v1, null)), names(fileOf(other, v2))]).toEqual([true, true, false])
  },
)

test.each([v2, v2.toUpperCase(), `1220${v2}`, `urn:btmh:1220${v2}`])(
  'finds a torrent by its v2 infohash %s',
  async (text) => {
    const { query, names } = await nameOf(text)
    expect(query).toBe(v2)
    expect([names(hybrid), names(fileOf(null, v2)), names(fileOf(v1, null))]).toEqual([true, true, false])
  },
)

test('forty digits may be the beginning of a v2 infohash', async () => {
  const { query, names } = await nameOf(v2.slice(0, 40))
  expect(query).toBe(v2.slice(0, 40))
  expect(names(fileOf(null, v2))).toBe(true)
})

test('asks the AppView for a magnet link by its infohashes alone', async () => {
  const { query } = await nameOf(
    `magnet:?xt=urn:btih:${v1}&xt=urn:btmh:1220${v2}&tr=https://t.example/passkey/announce&dn=ice`,
  )
  expect(query).toBe(`magnet:?xt=urn:btih:${v1}&xt=urn:btmh:1220${v2}`)
})

test('refuses a file that lacks an infohash of the magnet link', async () => {
  const link = (...topics: string[]) =>
    nameOf(`magnet:?${topics.map((topic) => `xt=urn:${topic}`).join('&')}`)
  const both = await link(`btih:${v1}`, `btmh:1220${v2}`)
  expect(both.names(hybrid)).toBe(true)
  expect(both.names(fileOf(v1, null))).toBe(false)
  expect(both.names(fileOf(v1, 'f'.repeat(64)))).toBe(false)
  expect((await link(`btmh:1220${v2}`)).names(fileOf(null, v2))).toBe(true)
  expect((await link(`btih:${base32}`)).names(hybrid)).toBe(true)
})

test('reads unusual spellings of a magnet link', async () => {
  for (const link of [
    `MAGNET:?xt.1=urn:btih:${v1.toUpperCase()}`,
    `magnet:?xt=urn%3Abtih%3A${v1}`,
    `magnet:?dn=%E4&xt=URN:BTIH:${v1}`,
  ])
    expect((await nameOf(link)).query).toBe(`magnet:?xt=urn:btih:${v1}`)
})

test('refuses a link without an infohash or with two of one version', async () => {
  await expect(nameOf('magnet:?dn=ice')).rejects.toThrow(/has no infohash/)
  await expect(nameOf('magnet:')).rejects.toThrow(/magnet/)
  await expect(nameOf(`magnet:?xt=urn:btih:${v1}&xt=urn:btih:${other}`)).rejects.toThrow(/two v1 infohashes/)
})

test('reads a link with a huge number of parameters quickly', async () => {
  const link = `magnet:?xt=urn:btih:${v1}&so=0-999999999999&__proto__=x&kt=%E4&dn=%`
  expect((await nameOf(link)).query).toBe(`magnet:?xt=urn:btih:${v1}`)
})

test('uses at most three addresses of a link, and only HTTP ones', async () => {
  const named = ['file:///etc/passwd', ...Array.from({ length: 9 }, (_, i) => `https://a.example/${i}`)]
  const { metainfoUrls } = await nameOf(
    `magnet:?xt=urn:btih:${v1}${named.map((url) => `&xs=${url}`).join('')}`,
  )
  expect(metainfoUrls).toEqual(['https://a.example/0', 'https://a.example/1', 'https://a.example/2'])
})
