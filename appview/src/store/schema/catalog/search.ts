/** The tables of search, besides the rows that it finds. */
import { sql } from 'drizzle-orm'
import { boolean, index, integer, primaryKey, text } from 'drizzle-orm/pg-core'
import { instant, textC } from '../columns.ts'
import { count, ref, table } from './table.ts'

/** The stems of a dataset in order, by which phrases are found. */
export const datasetPhrases = table('dataset_phrases', {
  datasetId: ref('dataset_id').primaryKey(),
  phrases: text('phrases').notNull(),
})

/**
 * Words and names in records, for completions and spelling correction. They include those of hidden records, so nothing is
 * shown from here unless it finds a visible dataset.
 */
export const vocabulary = table(
  'vocabulary',
  {
    kind: text('kind', { enum: ['word', 'keyword', 'publisher', 'person'] }).notNull(),
    key: textC('key').notNull(),
    text: text('text').notNull(),
    /** The code of its term with impact 0. */
    base: count('base').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.kind, t.key] }),
    index('vocabulary_trigrams').using('gin', sql`key gin_trgm_ops`).where(sql`kind = 'word'`),
  ],
)

/** In how many visible records each term occurs, counted over a sample from time to time. */
export const termStatistics = table(
  'term_statistics',
  {
    corpus: text('corpus', { enum: ['dataset', 'torrent'] }).notNull(),
    base: count('base').notNull(),
    records: integer('records').notNull(),
    /** For terms in many records: in how many its impact is at least 4, 8, … 60. */
    above: integer('above').array(),
  },
  (t) => [primaryKey({ columns: [t.corpus, t.base] })],
)

/**
 * Datasets that were written, changed or removed, by transaction. The index in memory follows this table (`search/memory/`).
 * It is filled by triggers on `dataset`, so that no writer can forget it.
 */
export const searchChange = table(
  'search_change',
  {
    txid: count('txid').notNull().default(sql`pg_current_xact_id()::text::bigint`),
    datasetId: ref('dataset_id').notNull(),
    /** Its account: changes of veiled accounts do not matter to searches. Null in rows of older versions. */
    did: text('did'),
    /** Whether the codes by which it is found changed, and not only a count. */
    found: boolean('found').notNull(),
    at: instant('at').notNull().defaultNow(),
  },
  (t) => [index('search_change_txid').on(t.txid)],
)
