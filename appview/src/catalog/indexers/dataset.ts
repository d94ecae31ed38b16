import { identityKeys } from '@holdfast/lexicons/identifiers'
import { sql } from 'drizzle-orm'
import { anyIdOf, type Db, recordset, rows } from '../sql.ts'
import { goneBefore } from './gone-before.ts'
import type { IndexedRecord, Indexer } from './indexer.ts'

/** Dataset records: the searchable row, and the identifiers that make two descriptions one card. */
export const datasetIndexer: Indexer = {
  async write(tx, records) {
    await tx.execute(sql`
      INSERT INTO catalog.dataset
        (id, uri, did, group_id, title, publisher, license, risk, scarcity, gone_before, keywords, formats, size_bytes,
         created_at, indexed_at, visible, search)
      SELECT r.id, r.uri, r.did, r.id, title, publisher, license, risk, scarcity, gone,
        ARRAY(SELECT jsonb_array_elements_text(keywords)), ARRAY(SELECT jsonb_array_elements_text(formats)), size,
        r.created_at, r.indexed_at, false,
        setweight(to_tsvector('english', unaccent(title)), 'A') || setweight(to_tsvector('simple', unaccent(people)), 'B')
          || setweight(to_tsvector('english', unaccent(topics)), 'B')
          || setweight(to_tsvector('english', unaccent(description)), 'C')
      FROM ${recordset(
        records.map(toRow),
        `id bigint, title text, publisher text, license text, risk text, scarcity text, gone date, keywords jsonb,
         formats jsonb, size bigint, people text, topics text, description text`,
      )} JOIN catalog.record r USING (id)`)
    await group(tx, records)
  },

  async remove(tx, ids) {
    await tx.execute(sql`DELETE FROM catalog.dataset_key WHERE dataset_id = ${anyIdOf(ids)}`)
    const gone = await rows<{ group: number }>(
      tx,
      sql`DELETE FROM catalog.dataset WHERE id = ${anyIdOf(ids)} RETURNING group_id AS group`,
    )
    await regroup(
      tx,
      gone.map((row) => row.group),
    )
    return {}
  },
}

interface Named {
  name?: string
}

interface DatasetRecord {
  title: string
  description?: string
  creators?: Named[]
  contributors?: { agent?: Named }[]
  publisher?: Named
  keywords?: Named[]
  subjects?: { label?: string }[]
  identifiers?: { scheme: string; value: string }[]
  license?: { spdx?: string; url?: string; text?: string }
  formats?: { mediaType?: string }[]
  risk?: { level?: string; expectedGone?: string }
  scarcity?: string
  sizeBytes?: number
}

function toRow({ id, value }: IndexedRecord) {
  const record = value as unknown as DatasetRecord
  const keywords = names(record.keywords)
  const people = [
    record.publisher,
    ...(record.creators ?? []),
    ...(record.contributors ?? []).map((c) => c.agent),
  ]
  const subjects = (record.subjects ?? []).flatMap((subject) => subject.label ?? [])
  const identifiers = (record.identifiers ?? []).map((identifier) => identifier.value)
  return {
    id,
    title: record.title,
    publisher: record.publisher?.name ?? null,
    license: record.license?.spdx ?? record.license?.url ?? record.license?.text?.slice(0, 200) ?? null,
    risk: record.risk?.level ?? 'unknown',
    scarcity: record.scarcity ?? 'unknown',
    gone: goneBefore(record.risk?.expectedGone),
    keywords: [...new Set(keywords.map((keyword) => keyword.toLowerCase()))],
    formats: [...new Set((record.formats ?? []).flatMap((format) => format.mediaType?.toLowerCase() ?? []))],
    size: record.sizeBytes ?? null,
    people: [...names(people), ...identifiers].join(' \n '),
    topics: [...keywords, ...subjects].join(' \n '),
    description: record.description ?? '',
  }
}

function names(agents: readonly (Named | undefined)[] | undefined): string[] {
  return (agents ?? []).flatMap((agent) => agent?.name ?? [])
}

/** Joins the groups of all datasets that share an identifier with these. A group's id is its smallest member's. */
async function group(tx: Db, records: readonly IndexedRecord[]): Promise<void> {
  const keys = records.flatMap(({ id, value }) => identityKeys(value).map((key) => ({ key, id })))
  if (keys.length === 0) return
  await tx.execute(sql`
    INSERT INTO catalog.dataset_key (key, dataset_id)
    SELECT key, id FROM ${recordset(keys, 'key text, id bigint')} ON CONFLICT DO NOTHING`)
  await joinGroups(
    tx,
    records.map((record) => record.id),
  )
}

async function joinGroups(tx: Db, ids: readonly number[]): Promise<void> {
  for (;;) {
    const moved = await rows<{ id: number }>(
      tx,
      sql`
      WITH joined AS (
        SELECT d.group_id AS old, min(other.group_id) AS new
        FROM catalog.dataset d
        JOIN catalog.dataset_key mine ON mine.dataset_id = d.id
        JOIN catalog.dataset_key theirs ON theirs.key = mine.key
        JOIN catalog.dataset other ON other.id = theirs.dataset_id
        WHERE d.group_id IN (
          SELECT g.group_id FROM catalog.dataset g WHERE g.id IN (
            SELECT near.dataset_id FROM catalog.dataset_key own
            JOIN catalog.dataset_key near ON near.key = own.key WHERE own.dataset_id = ${anyIdOf(ids)}))
        GROUP BY d.group_id)
      UPDATE catalog.dataset AS d SET group_id = j.new FROM joined j
      WHERE d.group_id = j.old AND j.new < j.old RETURNING d.id`,
    )
    if (moved.length === 0) return
  }
}

/** A member left: what it held together may fall apart. */
async function regroup(tx: Db, groupIds: readonly number[]): Promise<void> {
  if (groupIds.length === 0) return
  const left = await rows<{ id: number }>(
    tx,
    sql`UPDATE catalog.dataset SET group_id = id WHERE group_id = ${anyIdOf(groupIds)} RETURNING id`,
  )
  if (left.length > 0)
    await joinGroups(
      tx,
      left.map((row) => row.id),
    )
}
