import { expect, test } from 'vitest'
import type { RemoteFile } from '../remote/remote-file.ts'
import { divide } from './divide.ts'

const file = (path: string, sizeBytes?: number): RemoteFile => ({
  url: `https://example.org/${path}`,
  name: path.split('/').at(-1)!,
  sizeBytes,
})

const pathsOf = (parts: ReturnType<typeof divide>) =>
  parts.map(({ urls }) => urls.map(({ url }) => url.replace('https://example.org/', '')))

test('keeps the files of a directory together, in the order of their addresses', () => {
  const files = ['b/2', 'a/1', 'b/1', 'a/2', 'c/1', 'a/1'].map((path) => file(path))
  expect(pathsOf(divide(files, 'd', { mostFiles: 2 }))).toEqual([['a/1', 'a/2'], ['b/1', 'b/2'], ['c/1']])
})

test('makes no part larger than it should be, and a large file a part of its own', () => {
  const files = [file('a', 6), file('b', 5), file('c', 5), file('d', 40), file('e', 1)]
  const parts = divide(files, 'd', { mostFiles: 100, mostBytes: 10 })
  expect(pathsOf(parts)).toEqual([['a'], ['b', 'c'], ['d'], ['e']])
  expect(parts.map(({ sizeBytes }) => sizeBytes)).toEqual([6, 10, 40, 1])
})

test('gives the same files the same keys, and other files others', () => {
  const keysOf = (...paths: string[]) =>
    divide(
      paths.map((path) => file(path)),
      'tides',
      { mostFiles: 2 },
    ).map(({ rkey }) => rkey)
  const keys = keysOf('a', 'b', 'c')
  expect(keysOf('c', 'b', 'a')).toEqual(keys)
  expect(keysOf('a', 'b', 'c', 'd')[0]).toBe(keys[0])
  expect(keysOf('a', 'b', 'c', 'd')[1]).not.toBe(keys[1])
  expect(keys[0]).toMatch(/^tides-[0-9a-f]{12}$/)
})

test('keeps what is known of files: sizes and checksums', () => {
  const hex = 'd41d8cd98f00b204e9800998ecf8427e'
  const known = { ...file('a', 3), checksums: [{ algorithm: 'md5' as const, hex, by: 'the listing' }] }
  expect(divide([known], 'd', { mostFiles: 2 })[0]!.urls).toEqual([
    { url: 'https://example.org/a', sizeBytes: 3, checksums: [{ algorithm: 'md5', value: hex }] },
  ])
})
