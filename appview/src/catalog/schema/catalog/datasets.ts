/** Datasets, as they are listed and shown. */
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
    sizeBytes: count('size_bytes'),
    createdAt: instant('created_at').notNull(),
    indexedAt: instant('indexed_at').notNull(),
    visible: boolean('visible').notNull(),
    torrentCount: integer('torrent_count').notNull().default(0),
    seeders: integer('seeders'),
    sourceStatus: text('source_status'),
    /** What the author and every visible assessment say, for filters and sorts. */
    risks: text('risks').array().notNull(),
    scarcities: text('scarcities').array().notNull(),
    deadline: date('deadline'),
    /** What it is found by: see `search/terms/codes.ts`. */
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
 * When what is shown of a visible dataset last changed: its record, its visibility or a torrent that holds it. A table of
 * its own, since each change would otherwise write all the indexes of `dataset` anew.
 */
export const datasetChange = table(
  'dataset_change',
  {
    datasetId: ref('dataset_id').primaryKey(),
    changedAt: instant('changed_at').notNull(),
  },
  (t) => [index('dataset_change_at').on(t.changedAt, t.datasetId)],
)

/** Normalised identifiers that make two descriptions one card. */
export const datasetKey = table(
  'dataset_key',
  {
    key: text('key').notNull(),
    datasetId: ref('dataset_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.datasetId] }), index('dataset_key_dataset').on(t.datasetId)],
)
