import { readIngestCounts } from '@holdfast/appview/catalog/views/ingest-counts'
import { readRecordStatus } from '@holdfast/appview/catalog/views/records/record-status'
import type { Catalog } from '@holdfast/appview/store/open'
import { rows } from '@holdfast/appview/store/sql'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as forge from '../network/forge.ts'
import { type HostilePds, startHostilePds } from '../network/hostile-pds.ts'
import { startPlc, type TestPlc } from '../network/plc.ts'
import { waitFor } from '../network/wait-for.ts'
import { type Following, startFollowing, storedRecords } from './following.ts'

const ours = collections.dataset
const dataset = (title: string, more = {}) => ({
  ...{ $type: ours, title, createdAt: '2026-11-20T00:00:00.000Z' },
  ...more,
})
/** A valid record of 400 kB: fields that no lexicon defines are kept. */
const padding = Array.from({ length: 40 }, (_, n) => `${n}`.padEnd(10_000, 'x'))

/** What the store says of a repository. */
async function stateOf({ catalog }: Pick<Following, 'catalog'>, did: string) {
  const [row] = await rows<{ error: string | null; tries: number; dueInHours: number | 'Infinity' | null }>(
    catalog.db,
    sql`SELECT error, tries, (extract(epoch FROM retry_at - now()) / 3600)::float8 AS "dueInHours"
        FROM catalog.repo WHERE did = ${did}`,
  )
  return row
}

/** An account with more records than fit into the memory that `startFollowing` gives, and the event that shows it. */
async function largeRepository(host: HostilePds, plc: TestPlc) {
  const repo = await host.newRepo(plc)
  for (const rkey of ['a', 'b']) await repo.create(ours, rkey, dataset(rkey, { padding }))
  // The previous state is unknown, so the whole repository is read.
  const frame = forge.withBody(await repo.create(ours, 'c', dataset('c', { padding })), { prevData: null })
  return { repo, frame }
}

test('postpones a repository beyond the memory limit and reads a small one', async () => {
  await using plc = await startPlc()
  await using host = await startHostilePds()
  await using index = await startFollowing(
    { plcUrl: plc.url },
    { sources: [host.url], backfill: [], repoMemoryBytes: 1_000_000 },
  )
  const { repo: large, frame } = await largeRepository(host, plc)
  const small = await host.newRepo(plc)
  host.emit(frame)
  host.emit(forge.withBody(await small.create(ours, 'one', dataset('One')), { prevData: null }))
  await waitFor(async () => (await index.records()).some((one) => one.includes(small.did)), {
    what: 'the small one',
  })
  await waitFor(async () => (await stateOf(index, large.did))?.error?.includes('used the most'), {
    what: 'the large one to be put off',
  })
  expect((await index.records()).filter((one) => one.includes(large.did))).toEqual([])
})

describe('a repository that is larger than the memory', () => {
  let plc: TestPlc
  let host: HostilePds
  let catalog: Catalog
  let large: Awaited<ReturnType<typeof largeRepository>>
  const follow = (repoMemoryBytes: number) =>
    startFollowing(
      { plcUrl: plc.url },
      { sources: [host.url], backfill: [], repoMemoryBytes, firstRetryMs: 2, catalog },
    )
  const reads = () =>
    host.requests.filter(
      ({ method, params }) => /getRepo$/.test(method) && params.get('did') === large.repo.did,
    ).length
  const untilTooLarge = (index: Following) =>
    waitFor(async () => (await stateOf(index, large.repo.did))?.dueInHours === Infinity, {
      what: 'the repository to be left',
    })
  beforeAll(async () => {
    plc = await startPlc()
    host = await startHostilePds()
    catalog = await openEmbedded()
    large = await largeRepository(host, plc)
  })
  afterAll(async () => {
    await catalog[Symbol.asyncDispose]()
    await host[Symbol.asyncDispose]()
    await plc[Symbol.asyncDispose]()
  })

  test('is read eight times and then left, which the status says', async () => {
    await using index = await follow(1_000_000)
    host.emit(large.frame)
    await untilTooLarge(index)
    expect(reads()).toBe(8)
    expect((await readIngestCounts(catalog.db)).repos).toEqual([{ state: 'too-large', count: 1 }])
    const { message } = await readRecordStatus(catalog.db, `at://${large.repo.did}/${ours}/a`)
    expect(message).toContain('1000000 bytes of all (HOLDFAST_REPO_MEMORY)')
  })

  test('is left at a start with the same limit', async () => {
    await using index = await follow(1_000_000)
    const other = await host.newRepo(plc)
    host.emit(forge.withBody(await other.create(ours, 'one', dataset('One')), { prevData: null }))
    await waitFor(async () => (await index.records()).length === 1, { what: 'another repository to be read' })
    expect(reads()).toBe(8)
  })

  test('is due a day after it changed, however often it changes', async () => {
    const { did } = large.repo
    const dueInHours = async () => Number((await stateOf({ catalog }, did))?.dueInHours)
    {
      await using _index = await follow(1_000_000)
      host.emit(await large.repo.create(ours, 'd', dataset('d')))
      await waitFor(async () => (await dueInHours()) < 25, { what: 'the repository to be due' })
      host.emit(await large.repo.create(ours, 'e', dataset('e')))
      host.emit(large.repo.accountFrame())
      // What was written to the stream before this is decided when this is, and written when the index ends.
      const other = await host.newRepo(plc)
      host.emit(await other.create(ours, 'one', dataset('One')))
      await waitFor(async () => (await storedRecords(catalog)).some((one) => one.includes(other.did)), {
        what: 'the record after it',
      })
    }
    expect(await dueInHours()).toBeGreaterThan(23)
    expect(reads()).toBe(8)
  })

  test('is read once after that day, and then left again', async () => {
    await catalog.db.execute(sql`UPDATE catalog.repo SET retry_at = now() WHERE did = ${large.repo.did}`)
    await using index = await follow(1_000_000)
    await untilTooLarge(index)
    expect(reads()).toBe(9)
  })

  test('is read at a start with a higher limit', async () => {
    await using index = await follow(10_000_000)
    const written = async () => (await index.records()).filter((one) => one.includes(large.repo.did))
    await waitFor(async () => (await written()).length === 5, { what: 'its records' })
    expect((await stateOf(index, large.repo.did))?.tries).toBe(0)
  })
})
