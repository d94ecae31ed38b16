import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import type { Catalog } from '../../store/open.ts'
import { type Db, rows } from '../../store/sql.ts'
import { readRecordEvents, recordEventsQuery } from './stream-reads.ts'

const datasets = 3_000
const did = 'did:plc:many'

describe.each(testBackends())('the live stream of records, on $name', ({ open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
    await fill(catalog.db)
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  test('reads an event by its key, however many records there are', async () => {
    const [plan] = await rows<{ 'QUERY PLAN': unknown }>(
      catalog.db,
      sql`EXPLAIN (ANALYZE, FORMAT JSON) ${recordEventsQuery(0, 10)}`,
    )
    const read = rowsRead(plan!['QUERY PLAN'])
    expect(Object.keys(read)).toContain('record')
    expect(Math.max(...Object.values(read)), JSON.stringify(read)).toBeLessThan(50)
  })

  test('the event of a torrent has the keywords and risks of its datasets', async () => {
    const [, torrent] = await readRecordEvents(catalog.db, datasets - 1, 2)
    expect(torrent?.record).toMatchObject({ keywords: ['ice', 'sea'], risks: ['endangered'] })
    const [dataset] = await readRecordEvents(catalog.db, 0, 1)
    expect(dataset?.record).toMatchObject({ keywords: ['sea', 'ice'], risks: ['endangered'] })
  })
})

async function fill(db: Db): Promise<void> {
  await db.execute(sql`
    INSERT INTO catalog.record (uri, did, kind, cid, rev, value, visible, created_at, indexed_at)
    SELECT 'at://' || ${did}::text || '/' || kind || '/' || n, ${did}, kind, 'bafy', '3m1', '{}', true, now(), now()
    FROM (SELECT 'dataset' AS kind, n FROM generate_series(1, ${datasets}::int) AS n UNION ALL SELECT 'torrent', 1) AS made`)
  await db.execute(sql`
    INSERT INTO catalog.dataset (id, uri, did, group_id, title, risk, keywords, formats, created_at, indexed_at, visible,
      risks, scarcities, codes)
    SELECT id, uri, did, id, 'Sea ice', 'endangered', '{sea,ice}', '{}', created_at, indexed_at, true, '{}', '{}', '{}'
    FROM catalog.record WHERE kind = 'dataset'`)
  await db.execute(sql`
    INSERT INTO catalog.torrent (id, uri, did, name, metainfo_status, created_at, indexed_at, visible, formats,
      names_web_seeds, codes)
    SELECT id, uri, did, 'ice', 'pending', created_at, indexed_at, true, '{}', false, '{}'
    FROM catalog.record WHERE kind = 'torrent'`)
  await db.execute(sql`
    INSERT INTO catalog.torrent_dataset (torrent_id, dataset_uri)
    SELECT t.id, d.uri FROM catalog.torrent t, catalog.dataset d WHERE d.uri LIKE '%/dataset/7%' LIMIT 20`)
  await db.execute(sql`
    INSERT INTO local.record_change (seq, action, kind, uri, cid)
    SELECT row_number() OVER (ORDER BY id), 'upsert', kind, uri, cid FROM catalog.record`)
  await db.execute(sql`ANALYZE`)
}

/** How many rows of each table were read, including those that a filter then dropped. */
function rowsRead(plan: unknown): Record<string, number> {
  const read: Record<string, number> = {}
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const { 'Relation Name': table, ...rest } = node as Record<string, unknown>
    if (typeof table === 'string') {
      const loops = Number(rest['Actual Loops'])
      const each = Number(rest['Actual Rows']) + Number(rest['Rows Removed by Filter'] ?? 0)
      read[table] = (read[table] ?? 0) + loops * each
    }
    for (const part of Object.values(rest)) visit(part)
  }
  visit(plan)
  return read
}
