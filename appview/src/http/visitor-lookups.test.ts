import { expect, test } from 'vitest'
import type { DidResolver } from '../ingest/identity/did-resolver.ts'
import { createKeyLookup } from './visitor-lookups.ts'

/** A resolver that knows one account and counts the look-ups of others. */
function countingResolver() {
  const asked: string[] = []
  const identity = { signingKey: { didKey: 'did:key:z' } } as never
  const resolver: DidResolver = {
    async resolve(did, { onlyKnown = false } = {}) {
      if (onlyKnown && did !== 'did:plc:known') throw new Error('not known')
      if (!onlyKnown) asked.push(did)
      return { status: 'found', identity }
    },
    forget: () => {},
  }
  return { resolver, asked }
}

test('limits look-ups of unknown keys for each visitor and in all, not of known keys', async () => {
  const { resolver, asked } = countingResolver()
  const keyOf = createKeyLookup(resolver, { perAddress: 3, inAll: 5 })
  const send = (address: string, count: number, refresh = false) =>
    Promise.allSettled(
      Array.from({ length: count }, (_, i) =>
        keyOf(`did:web:forged-${address}-${i}.org`, { refresh, address }),
      ),
    )
  await send('192.0.2.1', 50)
  expect(asked).toHaveLength(3)
  await send('192.0.2.2', 50, true)
  expect(asked).toHaveLength(5)
  await send('192.0.2.3', 50)
  expect(asked).toHaveLength(5)
  expect(await keyOf('did:plc:known', { refresh: false, address: '192.0.2.1' })).toBe('did:key:z')
})

test('a /48 counts as one visitor', async () => {
  const { resolver, asked } = countingResolver()
  const keyOf = createKeyLookup(resolver, { perAddress: 2, inAll: 100 })
  const addresses = Array.from({ length: 9 }, (_, i) => `2001:db8:0:${i}::1`)
  await Promise.allSettled(
    addresses.map((address, i) => keyOf(`did:web:${i}.org`, { refresh: false, address })),
  )
  expect(asked).toHaveLength(2)
})
