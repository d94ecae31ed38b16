import { describe, expect, test } from 'vitest'
import { placeByAddress } from './addresses.ts'
import type { RemoteFile } from './remote-file.ts'

const filesAt = (...urls: string[]): RemoteFile[] =>
  urls.map((url) => ({ url, name: decodeURIComponent(new URL(url).pathname.split('/').at(-1)!) }))
const shortly = (...urls: string[]) =>
  placeByAddress(filesAt(...urls)).torrents.map(({ name, webseed, entries }) => [
    name,
    webseed,
    ...entries.map(({ path }) => path.join('/')),
  ])

describe('files at addresses', () => {
  test('below a directory share a torrent that is named like it', () => {
    expect(shortly('https://a.example/x/y/a%20b', 'https://a.example/x/y/z/c')).toEqual([
      ['y', 'https://a.example/x/', 'a b', 'z/c'],
    ])
  })

  test('of two servers do not', () => {
    expect(shortly('https://a.example/x/a', 'https://a.example/x/b', 'https://b.example/x/c')).toEqual([
      ['x', 'https://a.example/', 'a', 'b'],
      ['x', 'https://b.example/', 'c'],
    ])
  })

  test('that no path gives are alone, and so is a single file', () => {
    expect(shortly('https://a.example/x/a')).toEqual([['a', 'https://a.example/x/a', 'a']])
    expect(shortly('https://a.example/x/a', 'https://a.example/x/b', 'https://a.example/x/get?n=1')).toEqual([
      ['x', 'https://a.example/', 'a', 'b'],
      ['get', 'https://a.example/x/get?n=1', 'get'],
    ])
    for (const odd of ['https://a.example/x//b', 'https://a.example/x/%2Fb', 'https://a.example/x/%FF'])
      expect(
        placeByAddress([{ url: odd, name: 'odd' }, ...filesAt('https://a.example/x/a')]).aloneCount,
      ).toBe(1)
  })

  test('conflict if one is the directory of another, or two have one path', () => {
    const { torrents, skipped } = placeByAddress(
      filesAt(
        'https://a.example/x/d',
        'https://a.example/x/d/e',
        'https://a.example/x/f',
        'https://a.example/x/%66',
      ),
    )
    expect(torrents[0]!.entries.map(({ path }) => path.join('/'))).toEqual(['d/e', 'f'])
    expect(skipped.map(({ url }) => url)).toEqual(['https://a.example/x/d', 'https://a.example/x/%66'])
  })

  test('keep the name of the directory that was asked for', () => {
    const root = new URL('https://a.example/x/y/')
    const { torrents } = placeByAddress(
      filesAt('https://a.example/x/y/z/a', 'https://a.example/x/y/z/b'),
      root,
    )
    expect(torrents.map(({ name, entries }) => [name, entries[0]!.path.join('/')])).toEqual([['y', 'z/a']])
  })
})
