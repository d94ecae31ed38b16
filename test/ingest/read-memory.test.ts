import { rows } from '@holdfast/appview/store/sql'
import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import * as forge from '../network/forge.ts'
import { startHostilePds } from '../network/hostile-pds.ts'
import { startPlc } from '../network/plc.ts'
import { waitFor } from '../network/wait-for.ts'
import { startFollowing } from './following.ts'

const ours = collections.dataset
const dataset = (title: string, more = {}) => ({
  ...{ $type: ours, title, createdAt: '2026-11-20T00:00:00.000Z' },
  ...more,
})
/** A valid record of 400 kB: fields that no lexicon defines are kept. */
const padding = Array.from({ length: 40 }, (_, n) => `${n}`.padEnd(10_000, 'x'))

test('postpones a repository beyond the memory limit and reads a small one', async () => {
  await using plc = await startPlc()
  await using host = await startHostilePds()
  await using index = await startFollowing(
    { plcUrl: plc.url },
    { sources: [host.url], backfill: false, repoMemoryBytes: 1_000_000 },
  )
  const [large, small] = [await host.newRepo(plc), await host.newRepo(plc)]
  for (const rkey of ['a', 'b']) await large.create(ours, rkey, dataset(rkey, { padding }))
  // The previous state is unknown, so the whole repository is read.
  const whole = { prevData: null }
  host.emit(forge.withBody(await large.create(ours, 'c', dataset('c', { padding })), whole))
  host.emit(forge.withBody(await small.create(ours, 'one', dataset('One')), whole))
  await waitFor(async () => (await index.records()).some((one) => one.includes(small.did)), {
    what: 'the small one',
  })
  const state = async () =>
    rows<{ state: string; error: string | null }>(
      index.catalog.db,
      sql`SELECT state, error FROM catalog.repo WHERE did = ${large.did}`,
    )
  await waitFor(async () => (await state())[0]?.error?.includes('used the most'), {
    what: 'the large one to be put off',
  })
  expect((await index.records()).filter((one) => one.includes(large.did))).toEqual([])
})
