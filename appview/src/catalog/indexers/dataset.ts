import { mappedRecord } from '@holdfast/lexicons/foreign'
import { identityKeys } from '@holdfast/lexicons/identifiers'
import { sql } from 'drizzle-orm'
import { refreshAssessed } from '../search/terms/assessed.ts'
import { datasetTerms, type SearchableDataset } from '../search/terms/dataset-terms.ts'
import { codesText, writePhrases, writeVocabulary } from '../search/terms/term-writes.ts'
import { anyIdOf, type Db, recordset, rows } from '../sql.ts'
import { goneBefore } from './gone-before.ts'
import type { IndexedRecord, Indexer } from './indexer.ts'

/** Dataset records: the searchable row, and the identifiers that make two descriptions one card. */
export const datasetIndexer: Indexer = {
  async write(tx, written) {
    const records = written.map((record) => ({ ...record, value: describedBy(record.value) }))
    const inputs = records.map(toRow)
    await tx.execute(sql`
      INSERT INTO catalog.dataset
        (id, uri, did, group_id, title, publisher, license, risk, scarcity, gone_before, keywords, formats, size_bytes,
         created_at, indexed_at, visible, risks, scarcities, deadline, codes)
      SELECT r.id, r.uri, r.did, r.id, title, publisher, license, risk, scarcity, gone,
        ARRAY(SELECT jsonb_array_elements_text(keywords)), ARRAY(SELECT jsonb_array_elements_text(formats)), size,
        r.created_at, r.indexed_at, r.visible, ARRAY[risk], ARRAY[scarcity], gone, codes::bigint[]
      FROM ${recordset(
        inputs.map((input) => input.row),
        `id bigint, title text, publisher text, license text, risk text, scarcity text, gone date, keywords jsonb,
         formats jsonb, size bigint, codes text`,
      )} JOIN catalog.record r USING (id)`)
    await writePhrases(
      tx,
      inputs.map((input) => ({ id: input.row.id, phrases: input.terms.phrases })),
    )
    await writeVocabulary(
      tx,
      inputs.flatMap((input) => input.terms.vocabulary),
    )
    await group(tx, records)
    await refreshAssessed(tx, { datasetIds: records.map((record) => record.id) })
  },

  async remove(tx, ids) {
    await tx.execute(sql`DELETE FROM catalog.dataset_phrases WHERE dataset_id = ${anyIdOf(ids)}`)
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

interface DatasetRecord extends SearchableDataset {
  license?: { spdx?: string; url?: string; text?: string }
  risk?: { level?: string; expectedGone?: string }
  scarcity?: string
  sizeBytes?: number
}

function toRow({ id, uri, did, value }: IndexedRecord) {
  const record = value as unknown as DatasetRecord
  const described = {
    title: record.title,
    publisher: record.publisher?.name ?? null,
    license: record.license?.spdx ?? record.license?.url ?? record.license?.text?.slice(0, 200) ?? null,
    risk: record.risk?.level ?? 'unknown',
    scarcity: record.scarcity ?? 'unknown',
    gone: goneBefore(record.risk?.expectedGone),
    keywords: lowered((record.keywords ?? []).map((keyword) => keyword.name)),
    formats: lowered((record.formats ?? []).map((format) => format.mediaType)),
    size: record.sizeBytes ?? null,
  }
  const terms = datasetTerms(record, { uri, did, ...described })
  return { row: { id, ...described, codes: codesText(terms.codes) }, terms }
}

/** What a record says as a dataset record: itself, or what a foreign one is mapped to. */
function describedBy(value: IndexedRecord['value']): IndexedRecord['value'] {
  return (mappedRecord(value) as IndexedRecord['value'] | undefined) ?? value
}

function lowered(values: readonly (string | undefined)[]): string[] {
  return [...new Set(values.flatMap((value) => value?.toLowerCase() ?? []))]
}

/** Joins the groups of all datasets that share an identifier with these. A group's id is its smallest member's. */
async function group(tx: Db, records: readonly IndexedRecord[]): Promise<void> {
  const keys = records.flatMap(({ id, value }) => identityKeys(value).map((key) => ({ key, id })))
  if (keys.length === 0) return
  const [found] = await rows<{ shared: boolean }>(
    tx,
    sql`
    WITH input AS (SELECT * FROM ${recordset(keys, 'key text, id bigint')}),
    put AS (INSERT INTO catalog.dataset_key (key, dataset_id) SELECT key, id FROM input ON CONFLICT DO NOTHING)
    SELECT EXISTS (SELECT FROM catalog.dataset_key k JOIN input i ON i.key = k.key AND i.id <> k.dataset_id)
      OR EXISTS (SELECT FROM input i JOIN input j ON i.key = j.key AND i.id <> j.id) AS shared`,
  )
  if (!found?.shared) return
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
