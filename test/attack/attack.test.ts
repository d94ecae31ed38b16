import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'
import { type AttackedIndex, startAttackedIndex } from './attacked-index.ts'
import { attacks, victimBudget } from './attacks.ts'
import { limits, watch } from './watch.ts'

/** Other tests share the machine, so the limits are wider; `npm run attack` measures the promised ones on an idle machine. */
const busy = 3

const able = needs('an index that strangers attack', 'patience')

describe.skipIf(!able)('an attack by one stranger', () => {
  let index: AttackedIndex
  beforeAll(async () => {
    index = await startAttackedIndex()
  })
  afterAll(() => index[Symbol.asyncDispose]())

  test.each(Object.entries(attacks))('%s does not stop the service for others', async (_, attack) => {
    const asked = index.victim.requests()
    const launch = await attack(index)
    const watched = await watch(index, launch).catch((error) => {
      throw new Error(`${(error as Error).message}\n${index.output().slice(-2_000)}`, { cause: error })
    })
    index.attacker.heal()
    expect(watched.searchableMs, 'an honest record is found').toBeLessThan(busy * limits.searchableMs)
    expect(watched.healthMs, 'health is told').toBeLessThan(busy * limits.healthMs)
    expect(watched.grewBytes, 'memory').toBeLessThan(limits.grewBytes)
    expect(index.victim.requests() - asked, 'requests to others').toBeLessThanOrEqual(victimBudget)
  })
})
