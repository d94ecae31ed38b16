import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDidPrefixFilter } from './did-prefix-filter.ts'

const random = fc.string({
  unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'),
  minLength: 24,
  maxLength: 24,
})
const did = fc.oneof(
  random.map((name) => `did:plc:${name}`),
  fc.domain().map((name) => `did:web:${name}`),
  fc.constantFrom('', 'did', 'did:web:a'),
)
const around = (name: string) => ({
  bytes: new Uint8Array(Buffer.from(`before${name}after`, 'latin1')),
  end: 6 + name.length,
})

test('every added name passes', () => {
  fc.assert(
    fc.property(fc.array(did), (names) => {
      const prefixes = createDidPrefixFilter()
      for (const name of names) prefixes.add(name)
      for (const name of names) {
        const { bytes, end } = around(name)
        expect(prefixes.mayHold(bytes, 6, end)).toBe(true)
      }
    }),
  )
})

test('hardly any other name passes', () => {
  const names = fc.sample(random, { numRuns: 20_000, seed: 1 }).map((name) => `did:plc:${name}`)
  const prefixes = createDidPrefixFilter()
  for (const name of names.slice(0, 10_000)) prefixes.add(name)
  const passed = names
    .slice(10_000)
    .filter((name) => prefixes.mayHold(around(name).bytes, 6, 6 + name.length))
  expect(passed.length).toBeLessThan(100)
})
