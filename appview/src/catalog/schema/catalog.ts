/**
 * `catalog`: a cache of the network. Every row here can be dropped and gathered again from repos;
 * nothing an operator decided or counted may live here (that is `local`).
 */
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  date,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { bytea, codes, instant, textC } from './columns.ts'

export const catalogSchema = pgSchema('catalog')
const table = catalogSchema.table
const id = () => bigint('id', { mode: 'number' }).generatedAlwaysAsIdentity()
const ref = (name: string) => bigint(name, { mode: 'number' })
const count = (name: string) => bigint(name, { mode: 'number' })

/**
 * What only the index of codes is limited to, spelt apart from the other indexes' `visible`: those would otherwise
 * seem fit for reading every visible row.
 */
const searched = sql`visible::int = 1`

/** Where each source was read to: the last event whose rows, and all before it, are committed. */
export const sourceCursor = table('source_cursor', {
  host: text('host').primaryKey(),
  seq: count('seq').notNull(),
  eventTime: instant('event_time'),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

/** Progress of listing the repos of a source, so that a backfill resumes where it stopped. */
export const backfill = table(
  'backfill',
  {
    host: text('host').notNull(),
    collection: text('collection').notNull(),
    cursor: text('cursor'),
    listed: count('listed').notNull().default(0),
    done: boolean('done').notNull().default(false),
    startedAt: instant('started_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.host, t.collection] })],
)

/** What upstream says of an account. Local takedowns are in `local.admission`, never here. */
export const account = table(
  'account',
  {
    did: text('did').primaryKey(),
    handle: text('handle'),
    pdsHost: text('pds_host'),
    active: boolean('active').notNull().default(true),
    status: text('status'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [index('account_handle').on(t.handle)],
)

/** Record-level synchronisation state of one repo (atproto sync spec). */
export const repo = table(
  'repo',
  {
    did: text('did').primaryKey(),
    rev: text('rev'),
    dataCid: text('data_cid'),
    state: text('state', { enum: ['desynchronized', 'in-progress', 'synchronized'] }).notNull(),
    host: text('host'),
    error: text('error'),
    tries: integer('tries').notNull().default(0),
    retryAt: instant('retry_at'),
    syncedAt: instant('synced_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [index('repo_unsynchronized').on(t.retryAt).where(sql`state <> 'synchronized'`)],
)

/** Every record of ours in every tracked repo, verified or rejected; the projections below hang off its id. */
export const record = table(
  'record',
  {
    id: id().primaryKey(),
    uri: textC('uri').notNull(),
    did: text('did').notNull(),
    /** The collection under its first authority, without the authority: `dataset`, `torrent`, … */
    kind: text('kind').notNull(),
    cid: text('cid').notNull(),
    rev: text('rev').notNull(),
    /** Null for a rejected record: a stranger's malformed bytes are not kept. */
    value: jsonb('value').$type<Record<string, unknown>>(),
    reason: text('reason'),
    reasonDetail: text('reason_detail'),
    warnings: jsonb('warnings').$type<string[]>().notNull().default([]),
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
    /** What it is found by: see `search/codes.ts`. */
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

/** The stems of a dataset in order, by which phrases are checked. */
export const datasetPhrases = table('dataset_phrases', {
  datasetId: ref('dataset_id').primaryKey(),
  phrases: text('phrases').notNull(),
})

/**
 * Words and names that records use, for completions and the correction of spelling. Of a hidden record too, so
 * nothing is shown from here unless a visible dataset is found by it.
 */
export const vocabulary = table(
  'vocabulary',
  {
    kind: text('kind', { enum: ['word', 'keyword', 'publisher', 'person'] }).notNull(),
    key: textC('key').notNull(),
    text: text('text').notNull(),
    /** The lowest code of its term. */
    base: count('base').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.kind, t.key] }),
    index('vocabulary_trigrams').using('gin', sql`key gin_trgm_ops`).where(sql`kind = 'word'`),
  ],
)

/** In how many visible records each term stands, counted over a sample from time to time. */
export const termStatistics = table(
  'term_statistics',
  {
    corpus: text('corpus', { enum: ['dataset', 'torrent'] }).notNull(),
    base: count('base').notNull(),
    records: integer('records').notNull(),
    /** Of terms in many records: in how many its impact is at least 4, 8, … 60. */
    above: integer('above').array(),
  },
  (t) => [primaryKey({ columns: [t.corpus, t.base] })],
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

/** One body of bytes, named by its verified infohashes; torrent records of any author point at it. */
export const content = table(
  'content',
  {
    id: id().primaryKey(),
    infoHashV1: text('info_hash_v1'),
    infoHashV2: text('info_hash_v2'),
    name: text('name').notNull(),
    sizeBytes: count('size_bytes').notNull(),
    pieceLengthBytes: integer('piece_length_bytes').notNull(),
    fileCount: integer('file_count').notNull(),
    filesIndexed: integer('files_indexed').notNull(),
    private: boolean('private').notNull(),
    /** Whether a visible verified record names it: exactly what the tracker lets in. */
    announced: boolean('announced').notNull().default(false),
  },
  (t) => [
    uniqueIndex('content_v1').on(t.infoHashV1),
    uniqueIndex('content_v2').on(t.infoHashV2),
    index('content_v2_truncated').on(sql`left(info_hash_v2, 40)`),
    index('content_announced').on(t.id).where(sql`announced`),
  ],
)

/** Verified `.torrent` bytes by the CID of the blob, or of the whole that its parts make. */
export const metainfo = table(
  'metainfo',
  {
    cid: text('cid').primaryKey(),
    contentId: ref('content_id').notNull(),
    bytes: bytea('bytes').notNull(),
  },
  (t) => [index('metainfo_content').on(t.contentId)],
)

/** The first files of a content (capped); the metainfo has the rest. */
export const file = table(
  'file',
  {
    contentId: ref('content_id').notNull(),
    position: integer('position').notNull(),
    path: text('path').notNull(),
    sizeBytes: count('size_bytes').notNull(),
    piecesRoot: bytea('pieces_root'),
  },
  (t) => [
    primaryKey({ columns: [t.contentId, t.position] }),
    index('file_pieces_root').on(t.piecesRoot).where(sql`pieces_root is not null`),
    index('file_path_size').on(sql`md5(path)`, t.sizeBytes),
    index('file_name_size').on(sql`md5(regexp_replace(path, '^.*/', ''))`, t.sizeBytes),
  ],
)

export const torrent = table(
  'torrent',
  {
    id: ref('id').primaryKey(),
    uri: textC('uri').notNull(),
    did: text('did').notNull(),
    /** As the record claims until the metainfo is verified; then the content's, all forms. */
    infoHashV1: text('info_hash_v1'),
    infoHashV2: text('info_hash_v2'),
    name: text('name').notNull(),
    sizeBytes: count('size_bytes'),
    contentId: ref('content_id'),
    metainfoStatus: text('metainfo_status', {
      enum: ['pending', 'verified', 'unavailable', 'mismatch', 'absent'],
    }).notNull(),
    metainfoCid: text('metainfo_cid'),
    tries: smallint('tries').notNull().default(0),
    nextTryAt: instant('next_try_at'),
    pendingSince: instant('pending_since'),
    error: text('error'),
    createdAt: instant('created_at').notNull(),
    indexedAt: instant('indexed_at').notNull(),
    visible: boolean('visible').notNull(),
    seeders: integer('seeders'),
    formats: text('formats').array().notNull(),
    /** Whether the record itself names webseeds; `webseed` has those of others. */
    namesWebSeeds: boolean('names_web_seeds').notNull(),
    /** What it is found by: see `search/codes.ts`. */
    codes: codes('codes').notNull(),
  },
  (t) => [
    index('torrent_v1').on(t.infoHashV1),
    index('torrent_v2').on(t.infoHashV2),
    index('torrent_v2_truncated').on(sql`left(info_hash_v2, 40)`),
    index('torrent_content').on(t.contentId),
    index('torrent_did').on(t.did, t.id),
    index('torrent_newest').on(t.createdAt, t.id).where(sql`visible`),
    index('torrent_pending').on(t.nextTryAt).where(sql`metainfo_status = 'pending'`),
    index('torrent_codes').using('gin', t.codes).where(searched),
    index('torrent_fewest').on(sql`(coalesce(seeders, 2147483647))`, t.id).where(sql`visible`),
    index('torrent_most').on(sql`(coalesce(seeders, -1))`, t.id).where(sql`visible`),
    index('torrent_largest').on(sql`(coalesce(size_bytes, -1))`, t.id).where(sql`visible`),
    index('torrent_smallest').on(sql`(coalesce(size_bytes, 9223372036854775807))`, t.id).where(sql`visible`),
  ],
)

/** Which datasets a torrent record says it holds (part of), by AT-URI: the dataset may come later, or never. */
export const torrentDataset = table(
  'torrent_dataset',
  {
    torrentId: ref('torrent_id').notNull(),
    datasetUri: textC('dataset_uri').notNull(),
    datasetCid: text('dataset_cid'),
  },
  (t) => [
    primaryKey({ columns: [t.torrentId, t.datasetUri] }),
    index('torrent_dataset_uri').on(t.datasetUri),
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
  (t) => [index('webseed_v1').on(t.infoHashV1), index('webseed_v2').on(t.infoHashV2)],
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
    index('assessment_subject').on(t.subjectUri, t.assessedAt),
    index('assessment_did').on(t.did, t.assessedAt),
    index('assessment_keys').using('gin', t.subjectKeys),
  ],
)

export const profile = table('profile', {
  did: text('did').primaryKey(),
  id: ref('id').notNull(),
  displayName: text('display_name'),
  kind: text('kind'),
  visible: boolean('visible').notNull(),
})
