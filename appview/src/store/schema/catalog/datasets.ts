/** The tables of datasets. */
import { sql } from 'drizzle-orm'
import { boolean, date, index, integer, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { codes, instant, textC } from '../columns.ts'
import { count, ref, searched, table } from './table.ts'

export const dataset = table(
  'dataset',
  {
    id: ref('id').primaryKey(),
    uri: textC('uri').notNull(),
    did: text('did').notNull(),
    groupId: ref('group_id').notNull(),
    title: text('title').notNull(),
    publisher: text('publisher'),
    license: text('license'),
    risk: text('risk').notNull().default('unknown'),
    scarcity: text('scarcity').notNull().default('unknown'),
    goneBefore: date('gone_before'),
    keywords: text('keywords').array().notNull(),
    formats: text('formats').array().notNull(),
    /** The size that is shown and searched: that in the record, or else that of its current verified torrents. */
    sizeBytes: count('size_bytes'),
    /** The size that the record itself states. */
    statedBytes: count('stated_bytes'),
    createdAt: instant('created_at').notNull(),
    indexedAt: instant('indexed_at').notNull(),
    visible: boolean('visible').notNull(),
    torrentCount: integer('torrent_count').notNull().default(0),
    seeders: integer('seeders'),
    sourceStatus: text('source_status'),
    /** The risks that the author and all visible assessments state, for filters and sorts. */
    risks: text('risks').array().notNull(),
    scarcities: text('scarcities').array().notNull(),
    deadline: date('deadline'),
    /** The codes by which search finds it: see `src/search-terms/codes.ts`. */
    codes: codes('codes').notNull(),
  },
  (t) => [
    index('dataset_codes').using('gin', t.codes).where(searched),
    index('dataset_deadline').on(sql`(coalesce(deadline, 'infinity'))`, t.id).where(sql`visible`),
    index('dataset_seeders').on(sql`(coalesce(seeders, 2147483647))`, t.id).where(sql`visible`),
    index('dataset_largest').on(sql`(coalesce(size_bytes, -1))`, t.id).where(sql`visible`),
    index('dataset_smallest').on(sql`(coalesce(size_bytes, 9223372036854775807))`, t.id).where(sql`visible`),
    index('dataset_newest').on(t.createdAt, t.id).where(sql`visible`),
    index('dataset_indexed').on(t.indexedAt, t.id).where(sql`visible`),
    index('dataset_did').on(t.did, t.id),
    index('dataset_group').on(t.groupId),
    uniqueIndex('dataset_uri').on(t.uri),
  ],
)

/**
 * When a visible dataset last changed: its record, its visibility or one of its torrents. It is a separate table, because
 * otherwise each change would update all indexes of `dataset`.
 */
export const datasetChange = table(
  'dataset_change',
  {
    datasetId: ref('dataset_id').primaryKey(),
    changedAt: instant('changed_at').notNull(),
  },
  (t) => [index('dataset_change_at').on(t.changedAt, t.datasetId)],
)

/** Normalized identifiers and pages by which a dataset is looked up and assessed. */
export const datasetKey = table(
  'dataset_key',
  {
    key: text('key').notNull(),
    datasetId: ref('dataset_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.datasetId] }), index('dataset_key_dataset').on(t.datasetId)],
)

/** Keys by which datasets are joined into one card. `visible` is that of the dataset, since only visible ones are joined. */
export const cardKey = table(
  'card_key',
  {
    key: textC('key').notNull(),
    datasetId: ref('dataset_id').notNull(),
    /** Whether the key alone joins two datasets; a page does so only for records without identifiers. */
    own: boolean('own').notNull(),
    /** Whether the record has identifiers. */
    identified: boolean('identified').notNull(),
    visible: boolean('visible').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.datasetId, t.key] }),
    index('card_key_visible').on(t.key, t.datasetId).where(sql`visible`),
  ],
)
