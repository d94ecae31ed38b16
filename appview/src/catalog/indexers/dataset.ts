import { mappedRecord } from '@holdfast/lexicons/foreign'
import { identityKeys } from '@holdfast/lexicons/identifiers'
import { sql } from 'drizzle-orm'
import { datasetTerms, type SearchableDataset } from '../../search-terms/dataset-terms.ts'
import { codesText, insertPhrases, insertVocabulary } from '../../search-terms/term-writes.ts'
import { anyIdOf, type Db, recordset, rows } from '../../store/sql.ts'
import { mapInTurns } from '../../threads/turns.ts'
import { boundedKey, removeCardKeys, writeCardKeys } from '../derive/cards.ts'
import { addAll } from '../derive/touched.ts'
import { goneBefore } from './gone-before.ts'
import type { IndexedRecord, Indexer } from './indexer.ts'

/** Indexes dataset records: their searchable row, and the keys by which they are looked up, assessed and joined with others. */
export const datasetIndexer: Indexer = {
  async write(tx, written, touched) {
    const records = written.map((record) => ({ ...record, value: describedBy(record.value) }))
    const inputs = await mapInTurns(records, toRow)
    const phrases = inputs.map((input) => ({ id: input.row.id, phrases: input.terms.phrases }))
    // One statement writes all three tables, because a batch of one record waits for each statement.
    await tx.execute(sql`
      WITH phrases AS (${insertPhrases(phrases)}),
      vocabulary AS (${insertVocabulary(inputs.flatMap((input) => input.terms.vocabulary))})
      INSERT INTO catalog.dataset
        (id, uri, did, group_id, title, publisher, license, risk, scarcity, gone_before, keywords, formats, size_bytes, stated_bytes,
         created_at, indexed_at, visible, risks, scarcities, deadline, codes)
      SELECT r.id, r.uri, r.did, r.id, title, publisher, license, risk, scarcity, gone,
        ARRAY(SELECT jsonb_array_elements_text(keywords)), ARRAY(SELECT jsonb_array_elements_text(formats)), size, size,
        r.created_at, r.indexed_at, r.visible, ARRAY[risk], ARRAY[scarcity], gone, codes::bigint[]
      FROM ${recordset(
        inputs.map((input) => input.row),
        `id bigint, title text, publisher text, license text, risk text, scarcity text, gone date, keywords jsonb,
         formats jsonb, size bigint, codes text`,
      )} JOIN catalog.record r USING (id)`)
    await writeLookupKeys(tx, records)
    addAll(touched.keylessDatasets, await writeCardKeys(tx, records))
    addAll(
      touched.assessedDatasets,
      records.map((record) => record.id),
    )
    const uris = records.map((record) => record.uri)
    addAll(touched.datasetUris, uris)
    addAll(touched.writtenDatasetUris, uris)
    addAll(touched.probedDatasetUris, uris)
  },

  async remove(tx, ids, touched) {
    await tx.execute(sql`DELETE FROM catalog.dataset_phrases WHERE dataset_id = ${anyIdOf(ids)}`)
    await tx.execute(sql`DELETE FROM catalog.dataset_key WHERE dataset_id = ${anyIdOf(ids)}`)
    addAll(touched.groupedDatasets, await removeCardKeys(tx, ids))
    const gone = await rows<{ id: number; uri: string; group: number }>(
      tx,
      sql`DELETE FROM catalog.dataset WHERE id = ${anyIdOf(ids)} RETURNING id, uri, group_id AS "group"`,
    )
    const mates = await rows<{ id: number }>(
      tx,
      sql`SELECT id FROM catalog.dataset WHERE group_id = ${anyIdOf(gone.map((row) => row.group))}`,
    )
    addAll(
      touched.groupedDatasets,
      mates.map((row) => row.id),
    )
    addAll(
      touched.datasetUris,
      gone.map((row) => row.uri),
    )
  },
}

/** A dataset can be looked up by at most this many identifiers; any more are ignored. */
const maxLookupKeys = 50

interface DatasetRecord extends SearchableDataset {
  license?: { spdx?: string; url?: string; text?: string }
  risk?: { level?: string; expectedGone?: string }
  scarcity?: string
  sizeBytes?: number
}

async function toRow({ id, uri, did, value }: IndexedRecord) {
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
    size: record.sizeBytes || null,
  }
  const terms = await datasetTerms(record, { uri, did, ...described })
  return { row: { id, ...described, codes: codesText(terms.codes) }, terms }
}

/** The dataset record in `value`: itself, or for a foreign record the one that it is mapped to. */
function describedBy(value: IndexedRecord['value']): IndexedRecord['value'] {
  return (mappedRecord(value) as IndexedRecord['value'] | undefined) ?? value
}

function lowered(values: readonly (string | undefined)[]): string[] {
  return [...new Set(values.flatMap((value) => value?.toLowerCase() ?? []))]
}

/** Writes the keys by which a dataset is looked up, and found by assessments that name an identifier. */
async function writeLookupKeys(tx: Db, records: readonly IndexedRecord[]): Promise<void> {
  const keys = records.flatMap(({ id, value }) =>
    identityKeys(value)
      .slice(0, maxLookupKeys)
      .map((key) => ({ key: boundedKey(key), id })),
  )
  if (keys.length === 0) return
  await tx.execute(sql`
    INSERT INTO catalog.dataset_key (key, dataset_id)
    SELECT key, id FROM ${recordset(keys, 'key text, id bigint')} ON CONFLICT DO NOTHING`)
}
