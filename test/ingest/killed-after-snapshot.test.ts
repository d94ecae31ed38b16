import { readCursors } from '@holdfast/appview/catalog/cursors'
import { rows } from '@holdfast/appview/store/sql'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import * as forge from '../network/forge.ts'
import { startHostilePds } from '../network/hostile-pds.ts'
import { startPlc } from '../network/plc.ts'
import { waitFor } from '../network/wait-for.ts'
import { startFollowing } from './following.ts'

const ours = collections.dataset
const dataset = (title: string) => ({ $type: ours, title, createdAt: '2026-11-20T00:00:00.000Z' })

test('an event buffered during a whole read survives a process that ends before it is written', async () => {
  await using plc = await startPlc()
  await using host = await startHostilePds()
  await using catalog = await openEmbedded()
  const { db } = catalog
  // The store takes the snapshot but never the later event, as if the process had been killed between the two.
  await db.execute(sql`
    CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '57P03'; END $$`)
  await db.execute(sql`
    CREATE TRIGGER refuse_late BEFORE INSERT ON catalog.record
    FOR EACH ROW WHEN (NEW.uri LIKE '%/late') EXECUTE FUNCTION refuse_late()`)
  const options = { sources: [host.url], backfill: [], catalog }
  const repo = await host.newRepo(plc)
  const first = await repo.create(ours, 'first', dataset('First'))
  const read = Promise.withResolvers<void>()
  host.behave('com.atproto.sync.getRepo', { kind: 'serve', body: await repo.car(), after: read.promise }, 1)
  {
    await using index = await startFollowing({ plcUrl: plc.url }, options)
    // The previous state is unknown, so the whole repository is read.
    host.emit(forge.withBody(first, { prevData: null }))
    await waitFor(() => host.requests.some(({ method }) => method === 'com.atproto.sync.getRepo'), {
      what: 'the read to begin',
    })
    host.emit(await repo.create(ours, 'late', dataset('Late')))
    await waitFor(async () => [...(await readCursors(db)).values()].some(({ seq }) => seq >= 2), {
      what: 'the cursor to pass the later event',
    })
    read.resolve()
    await waitFor(async () => (await index.records()).length === 1, { what: 'the snapshot' })
    await waitFor(() => index.ingest.isStoring() === false, { what: 'the later event to be refused' })
  }
  await db.execute(sql`DROP TRIGGER refuse_late ON catalog.record`)
  await using index = await startFollowing({ plcUrl: plc.url }, options)
  await waitFor(async () => (await index.records()).length === 2, { what: 'the later record' })
  await waitFor(
    async () => {
      const [left] = await rows(db, sql`SELECT did FROM catalog.repo WHERE state <> 'synchronized'`)
      return left === undefined
    },
    { what: 'the repository to be synchronized' },
  )
  expect(await index.records()).toEqual([
    expect.stringContaining(`at://${repo.did}/${ours}/first`),
    expect.stringContaining(`at://${repo.did}/${ours}/late`),
  ])
})
