import { expect, test } from 'vitest'
import { parseRedisUrl } from './redis-url.ts'

const plain = { username: undefined, password: undefined, masterName: '', database: 0, isEncrypted: false }

test('distinguishes single servers, Sentinels and clusters', () => {
  const nodes = [{ host: '127.0.0.1', port: 6379 }]
  expect(parseRedisUrl('redis://127.0.0.1')).toEqual({ ...plain, kind: 'single', nodes })
  expect(parseRedisUrl('redis://[::1]:7000/3')).toEqual({
    ...plain,
    kind: 'single',
    nodes: [{ host: '::1', port: 7000 }],
    database: 3,
  })
  expect(parseRedisUrl('redis-cluster://a:1,b')).toEqual({
    ...plain,
    kind: 'cluster',
    nodes: [
      { host: 'a', port: 1 },
      { host: 'b', port: 6379 },
    ],
  })
  expect(parseRedisUrl('redis-sentinel://a/main')).toEqual({
    ...plain,
    kind: 'sentinel',
    nodes: [{ host: 'a', port: 26379 }],
    masterName: 'main',
  })
})

test('keeps credentials and TLS for each of them', () => {
  for (const kind of ['', '-sentinel', '-cluster']) {
    const said = parseRedisUrl(`rediss${kind}://me:p%40ss:word@a:1`)
    expect(said).toMatchObject({ isEncrypted: true, username: 'me', password: 'p@ss:word' })
    expect(parseRedisUrl(`redis${kind}://:secret@a`)).toMatchObject({
      username: undefined,
      password: 'secret',
    })
    expect(parseRedisUrl(`redis${kind}://a`).isEncrypted).toBe(false)
  }
})

test('refuses an address that cannot be read completely', () => {
  for (const text of [
    'localhost',
    'redis-cluster+tls://a',
    'rediss+tls://a',
    'http://a',
    'redis://',
    'redis://a,b',
  ])
    expect(() => parseRedisUrl(text), text).toThrow('write redis://')
  for (const text of [
    'redis://a:99999',
    'redis://a/x',
    'redis://a?tls=true',
    'redis-cluster://a/1',
    'redis://a b',
  ])
    expect(() => parseRedisUrl(text), text).toThrow('write redis://')
  expect(() => parseRedisUrl('redis://u:%zz@a')).toThrow('write %')
})
