/** The table of all records, and those of the smaller kinds. */
import { sql } from 'drizzle-orm'
import { boolean, date, index, integer, jsonb, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { instant, textC } from '../columns.ts'
import { id, ref, table } from './table.ts'

/** Every record of our collections in every followed repo, verified or rejected. Projections refer to its id. */
export const record = table(
  'record',
  {
    id: id().primaryKey(),
    uri: textC('uri').notNull(),
    did: text('did').notNull(),
    /** The collection without its authority: `dataset`, `torrent`, … */
    kind: text('kind').notNull(),
    cid: text('cid').notNull(),
    rev: text('rev').notNull(),
    /** The record; null for a rejected one, whose malformed bytes are not kept. */
    value: jsonb('value').$type<Record<string, unknown>>(),
    reason: text('reason'),
    reasonDetail: text('reason_detail'),
    warnings: jsonb('warnings').$type<string[]>().notNull().default([]),
    /** The size of the record in its repository, which counts against its author's quota. */
    sizeBytes: integer('size_bytes').notNull().default(0),
    visible: boolean('visible').notNull().default(false),
    createdAt: instant('created_at').notNull(),
    indexedAt: instant('indexed_at').notNull(),
  },
  (t) => [
    uniqueIndex('record_uri').on(t.uri),
    index('record_did_kind').on(t.did, t.kind),
    index('record_rejected').on(t.reason).where(sql`reason is not null`),
    index('record_awaiting').on(t.id).where(sql`not visible and reason is null`),
    index('record_supersedes').on(sql`(value -> 'supersedes' ->> 'uri')`).where(sql`value ? 'supersedes'`),
    index('record_version_of').on(sql`(value -> 'versionOf' ->> 'uri')`).where(sql`value ? 'versionOf'`),
  ],
)

export const webseed = table(
  'webseed',
  {
    id: ref('id').primaryKey(),
    did: text('did').notNull(),
    infoHashV1: text('info_hash_v1'),
    infoHashV2: text('info_hash_v2'),
    url: text('url').notNull(),
    kind: text('kind').notNull(),
    visible: boolean('visible').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  // Reads take the first of those that are visible, and those of one account: strangers may name a content any number of times.
  (t) => [
    index('webseed_v1').on(t.infoHashV1, t.visible, t.id),
    index('webseed_v2').on(t.infoHashV2, t.visible, t.id),
    index('webseed_v1_did').on(t.infoHashV1, t.did, t.id).where(sql`visible`),
    index('webseed_v2_did').on(t.infoHashV2, t.did, t.id).where(sql`visible`),
  ],
)

export const assessment = table(
  'assessment',
  {
    id: ref('id').primaryKey(),
    did: text('did').notNull(),
    subjectUri: textC('subject_uri'),
    subjectKeys: text('subject_keys').array().notNull(),
    risk: text('risk'),
    scarcity: text('scarcity'),
    goneBefore: date('gone_before'),
    assessedAt: instant('assessed_at').notNull(),
    visible: boolean('visible').notNull(),
  },
  (t) => [
    // Partial, so that records that were not let in do not slow down queries, however many there are.
    index('assessment_subject').on(t.subjectUri, t.assessedAt).where(sql`visible`),
    index('assessment_did').on(t.did, t.assessedAt),
    index('assessment_keys').using('gin', t.subjectKeys).where(sql`visible`),
  ],
)

export const profile = table('profile', {
  did: text('did').primaryKey(),
  id: ref('id').notNull(),
  displayName: text('display_name'),
  kind: text('kind'),
  visible: boolean('visible').notNull(),
})
