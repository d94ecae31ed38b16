import { expect, test } from 'vitest'
import { type Say, startNameServer } from '../../testing/name-server.ts'
import { parseHosts } from './hosts-file.ts'
import { createNames, type NameError } from './names.ts'

const said: Record<string, Say> = {
  'data.org': { addresses: ['192.0.2.1', '192.0.2.2'] },
  'many.org': { addresses: Array.from({ length: 12 }, (_, i) => `192.0.2.${i + 1}`) },
  '_atproto.data.org': { texts: ['did=did:web:data.org', 'other'] },
  'slow.org': 'silent',
}

async function start(options: Parameters<typeof createNames>[0] = {}) {
  const server = await startNameServer((name) => said[name] ?? (/slow/.test(name) ? 'silent' : 'missing'))
  const names = createNames({ servers: [server.address], deadlineMs: 400, ...options })
  const whyNot = (name: string, caller?: Parameters<typeof names.addressesOf>[1]) =>
    names.addressesOf(name, caller).then(
      () => 'found',
      (error: NameError) => error.why,
    )
  return { ...names, whyNot, server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

test('looks a name up once for all callers and spellings', async () => {
  await using names = await start()
  const found = await Promise.all(
    ['data.org', 'DATA.org.', 'data.org'].map((name) => names.addressesOf(name)),
  )
  expect(found[0]!.map(({ address }) => address)).toEqual(['192.0.2.1', '192.0.2.2'])
  expect(found[2]).toEqual(found[1])
  expect(names.server.asked.filter((name) => name === 'data.org').length).toBeLessThanOrEqual(2)
  expect(await names.textsOf('_atproto.data.org')).toEqual(['did=did:web:data.org', 'other'])
  expect(await names.textsOf('_atproto.nothing.org')).toEqual([])
})

test('uses a few of many addresses', async () => {
  await using names = await start()
  expect(await names.addressesOf('many.org')).toHaveLength(4)
})

test('resolves addresses, localhost and names of the hosts file without a name server', async () => {
  await using names = await start()
  expect(await names.addressesOf('[::1]')).toEqual([{ address: '::1', family: 6 }])
  expect(await names.addressesOf('a.localhost')).toContainEqual({ address: '127.0.0.1', family: 4 })
  expect(names.server.asked).toEqual([])
  const hosts = parseHosts('# comment\n10.0.0.1 pds PDS.lan # more\n\n::1 pds\nnonsense here\n')
  expect(hosts.get('pds')).toEqual([
    { address: '10.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ])
  expect(hosts.get('pds.lan')).toHaveLength(1)
})

test('remembers names that are missing or whose servers do not answer', async () => {
  await using names = await start()
  expect(await names.whyNot('nothing.org')).toBe('missing')
  expect(await names.whyNot('slow.org')).toBe('failed')
  const asked = names.server.asked.length
  expect([await names.whyNot('nothing.org'), await names.whyNot('slow.org')]).toEqual(['missing', 'failed'])
  expect(names.server.asked.length).toBe(asked)
})

test('many names whose servers do not answer delay no other name', async () => {
  await using names = await start({ deadlineMs: 20_000 })
  for (let i = 0; i < 160; i++) void names.whyNot(`slow${i}.org`)
  await expect.poll(() => names.server.asked.length).toBeGreaterThan(160)
  expect(await names.whyNot('data.org')).toBe('found')
})

test('limits the look-ups of each visitor and in all', async () => {
  const limits = { visitor: { perCaller: 3, inAll: 5 }, account: { perCaller: 2, inAll: 100 } }
  await using names = await start({ limits })
  const visitor = (id: string) => ({ kind: 'visitor', id }) as const
  const ask = (id: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => names.whyNot(`${id}${i}.org`, visitor(id))))
  expect(await ask('one', 5)).toEqual(['missing', 'missing', 'missing', 'busy', 'busy'])
  expect(await ask('two', 3)).toEqual(['missing', 'missing', 'busy'])
  // Known names cost nothing, and accounts have limits of their own.
  expect(await names.whyNot('one0.org', visitor('one'))).toBe('missing')
  expect(await names.whyNot('data.org', { kind: 'account', id: 'did:web:a' })).toBe('found')
})
