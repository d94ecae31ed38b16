import { testBackends } from '@holdfast/appview/testing/backends'
import { describe, expect, test } from 'vitest'
import { needs } from '../../system/requirements.ts'
import { fuzzRecords } from './fuzz-records.ts'
import { rebuildRecords } from './rebuild-records.ts'

const able = needs('records at the limits of their lexicon', 'patience')

// The seeds are fixed, so that a change does not fail by chance; `npm run fuzz` tries others.
const rounds = [
  { seed: 29_766, beyond: false },
  { seed: 7, beyond: true },
]
// A busy machine may need twice as long for the same work, even in processor time.
const patience = { clock: 5, processor: 2 }

describe.skipIf(!able).each(testBackends())('records at their limits on $name', ({ open }) => {
  test.each(rounds)(
    'take time in proportion to their size (seed $seed, beyond: $beyond)',
    async ({ seed, beyond }) => {
      const { findings, records, refused } = await fuzzRecords({
        open,
        seed,
        beyond,
        pathsPerDataset: 1,
        patience,
      })
      expect(findings).toEqual([])
      expect(records).toBeGreaterThan(60)
      if (!beyond) expect(refused).toBeLessThan(records / 10)
    },
  )
})

describe.skipIf(!able).each(testBackends({ isLong: true }))('random records on $name', ({ open }) => {
  test('odd texts and bytes in any field break no interface', async () => {
    const { findings, refused } = await fuzzRecords({
      open,
      seed: 2,
      odd: true,
      recordBytes: 5_000,
      pathsPerDataset: 2,
      patience,
    })
    expect(findings).toEqual([])
    expect(refused).toBeGreaterThan(0)
  })

  test.each([
    { seed: 1, odd: false, beyond: false },
    { seed: 2, odd: true, beyond: false },
    { seed: 3, odd: false, beyond: true },
  ])('give the same rows after a rebuild (seed $seed, odd: $odd, beyond: $beyond)', async (round) => {
    const { differences, rows } = await rebuildRecords({ open, ...round })
    expect(differences).toEqual([])
    expect(rows).toBeGreaterThan(200)
  })
})
