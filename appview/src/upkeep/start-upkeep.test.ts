import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { putRecord } from '../../testing/publishing.ts'
import { applyAdmissionPolicy } from '../catalog/admission-policy.ts'
import { rows } from '../store/sql.ts'
import { startUpkeep } from './start-upkeep.ts'

describe.each(testBackends())('upkeep on $name', ({ open }) => {
  test('counts words soon after the first record', async () => {
    await using catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    await using _upkeep = startUpkeep({
      ...{ catalog, replayMs: 60_000, log: pino({ level: 'silent' }), statisticsEveryMs: 20 },
    })
    await putRecord(catalog, 'dataset', 'ice', { title: 'Sea ice' })
    const counted = sql`SELECT FROM catalog.term_statistics WHERE corpus = 'dataset' LIMIT 1`
    await expect.poll(() => rows(catalog.db, counted), { timeout: 50_000, interval: 20 }).toHaveLength(1)
  })
})
