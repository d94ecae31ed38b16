import parseTorrent from 'parse-torrent'
import { expect, test } from 'vitest'
import { announcedInfoHashes, normalizeInfoHash } from './infohash.ts'
import { formatMagnet, parseMagnet } from './magnet.ts'

const v1 = 'd5a6161a819cdca73f1bec95a15a60ec4a393195'
const v2 = '84e78257d7c79879b764143ccf8392974d37c2e9fbc3b0f95e7f5c292959f2b8'

test('a link contains everything that it was made from', () => {
  const magnet = {
    infoHashV1: v1,
    infoHashV2: v2,
    name: 'Sea ice & snow 100%',
    sizeBytes: 123_456_789_012,
    trackers: ['udp://tracker.example:6969', 'https://t.example/announce?key=a&b=c'],
    webseeds: ['https://mirror.example/öl/'],
    metainfoUrls: ['https://example.org/a.torrent'],
    peers: ['192.0.2.1:6881'],
    selectOnly: [
      { first: 0, last: 0 },
      { first: 4, last: 9 },
    ],
  }
  const link = formatMagnet(magnet)
  expect(parseMagnet(link)).toEqual(magnet)
  expect(link).toContain('&so=0,4-9')
})

test('parse-torrent reads the same from a v1 link', async () => {
  const link = formatMagnet({
    infoHashV1: v1,
    name: 'ice',
    trackers: ['udp://t.example:1'],
    webseeds: ['http://w.example/'],
  })
  const theirs = await parseTorrent(link)
  expect([theirs.infoHash, theirs.name, theirs.announce]).toEqual([v1, 'ice', ['udp://t.example:1']])
})

test('reads what is valid in an odd link', () => {
  const link = `MAGNET:?xt.1=urn:btih:${v1.toUpperCase()}&xt.2=urn:btmh:1220${v2}&dn=a+b&tr.1=udp://x&tr=%E4%F6&xl=-3&so=3-1,x,7&broken`
  expect(parseMagnet(link)).toMatchObject({
    infoHashV1: v1,
    infoHashV2: v2,
    name: 'a b',
    trackers: ['udp://x', '%E4%F6'],
    sizeBytes: null,
    selectOnly: [{ first: 7, last: 7 }],
  })
})

test.each([
  '',
  'http://example.org',
  'magnet:?dn=x',
  `magnet:?xt=urn:sha1:${v1}`,
  `magnet:?xt=urn:btih:${v1}0`,
])('refuses %j as a magnet link', (link) => {
  expect(() => parseMagnet(link)).toThrow(TypeError)
})

test('reads a link of many fields in linear time', () => {
  const link = `magnet:?xt=urn:btih:${v1}${'&tr='.repeat(16_000)}&tr=udp://x`
  const startedMs = performance.now()
  expect(parseMagnet(link).trackers).toEqual(['udp://x'])
  // Copying the values for each further one would take more than twice as long as this.
  expect(performance.now() - startedMs).toBeLessThan(300)
})

test('normalizes every spelling of an infohash', () => {
  const base32 = '2WTBMGUBTTOKOPY35SK2CWTA5RFDSMMV'
  expect(normalizeInfoHash(v1.toUpperCase())).toEqual({ form: 'short', hex: v1 })
  expect(normalizeInfoHash(base32)).toEqual({ form: 'short', hex: v1 })
  expect(normalizeInfoHash(` urn:btih:${v1} `)).toEqual({ form: 'short', hex: v1 })
  expect(normalizeInfoHash(v2)).toEqual({ form: 'v2', hex: v2 })
  expect(normalizeInfoHash(`1220${v2}`)).toEqual({ form: 'v2', hex: v2 })
  expect(normalizeInfoHash(`1221${v2}`)).toBeNull()
  expect(normalizeInfoHash('not a hash')).toBeNull()
  expect(announcedInfoHashes({ infoHashV1: v1, infoHashV2: v2 })).toEqual([v1, v2.slice(0, 40)])
  expect(announcedInfoHashes({ infoHashV1: null, infoHashV2: v2 })).toEqual([v2.slice(0, 40)])
})

test('a link with as many repeated parameters as it may have says each once', () => {
  const repeated = `magnet:?xt=urn:btih:${v1}${'&tr=x&tr.1=y&so=0'.repeat(3_800)}`
  expect(parseMagnet(repeated).trackers).toEqual(['x', 'y'])
})
