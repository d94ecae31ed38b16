import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as forge from '../network/forge.ts'
import { type HostilePds, startHostilePds } from '../network/hostile-pds.ts'
import { startPlc, type TestPlc } from '../network/plc.ts'
import type { SignedRepo } from '../network/signed-repo.ts'
import { waitFor } from '../network/wait-for.ts'
import { type Following, startFollowing } from './following.ts'

/** A stranger's few bytes must not become many rows, much memory or long transactions. */

const ours = collections.dataset
const dataset = (title: string, more = {}) => ({
  ...{ $type: ours, title, createdAt: '2026-11-20T00:00:00.000Z' },
  ...more,
})
/** A valid record of 400 kB: fields that no lexicon defines are kept. */
const large = dataset('Large', { padding: Array.from({ length: 40 }, (_, n) => `${n}`.padEnd(10_000, 'x')) })
const paths = 300

let stack: AsyncDisposableStack
let plc: TestPlc
let host: HostilePds
let index: Following

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  plc = stack.use(await startPlc())
  host = stack.use(await startHostilePds())
  index = stack.use(await startFollowing({ plcUrl: plc.url }, { sources: [host.url], backfill: [] }))
})
afterAll(() => stack.disposeAsync())

test('a commit that names a large record many times takes memory by its own size', async () => {
  const repo = await host.newRepo(plc)
  host.emit(await writeMany(repo))
  await expectBounded(repo)
})

test('limits a whole repository while honest records are indexed', async () => {
  const repo = await host.newRepo(plc)
  const frame = await writeMany(repo)
  host.emit(forge.withBody(frame, { prevData: null }))
  const honest = await host.newRepo(plc)
  host.emit(await honest.create(ours, 'one', dataset('One')))
  await waitFor(async () => (await kept(honest)).rows === 1, { what: 'the honest record', timeoutMs: 5_000 })
  await expectBounded(repo)
})

async function expectBounded(repo: SignedRepo): Promise<void> {
  await waitFor(async () => (await kept(repo)).rows === paths, { what: 'every path', timeoutMs: 20_000 })
  const { bytes, reasons } = await kept(repo)
  expect(bytes).toBeGreaterThan(400_000)
  expect(bytes).toBeLessThan(6_000_000)
  expect(reasons).toEqual(['quota-bytes'])
}

async function kept({ did }: SignedRepo): Promise<{ rows: number; bytes: number; reasons: string[] }> {
  const answer = (await index.catalog.db.execute(sql`
    SELECT count(*)::int AS rows, coalesce(sum(length(value::text)), 0)::int AS bytes,
      coalesce(array_agg(DISTINCT reason) FILTER (WHERE reason IS NOT NULL), '{}') AS reasons
    FROM catalog.record WHERE did = ${did}`)) as unknown as
    | { rows: { rows: number; bytes: number; reasons: string[] }[] }
    | { rows: number; bytes: number; reasons: string[] }[]
  return (Array.isArray(answer) ? answer : answer.rows)[0]!
}

function writeMany(repo: SignedRepo) {
  return repo.write(
    Array.from({ length: paths }, (_, n) => ({
      action: 'create' as const,
      collection: ours,
      rkey: `copy-${n}`,
      record: large,
    })),
  )
}
