/** The tables of torrent records and of the contents that they name. */
import { sql } from 'drizzle-orm'
import { boolean, index, integer, primaryKey, smallint, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { bytea, codes, instant, textC } from '../columns.ts'
import { count, id, ref, searched, table } from './table.ts'

export const torrent = table(
  'torrent',
  {
    id: ref('id').primaryKey(),
    uri: textC('uri').notNull(),
    did: text('did').notNull(),
    /** The infohashes that the record claims; once the metainfo is verified, those of the content, in all forms. */
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
    /** How many checks or writes were begun without an outcome; whatever ended them may happen again. */
    unfinished: smallint('unfinished').notNull().default(0),
    nextTryAt: instant('next_try_at'),
    pendingSince: instant('pending_since'),
    error: text('error'),
    createdAt: instant('created_at').notNull(),
    indexedAt: instant('indexed_at').notNull(),
    visible: boolean('visible').notNull(),
    seeders: integer('seeders'),
    /** The AT-URI of the torrent of the same author that this one replaces. */
    supersedes: textC('supersedes'),
    /** Whether help is asked for it: see `derive/wanted-torrents.ts`. */
    wanted: boolean('wanted').notNull().default(true),
    formats: text('formats').array().notNull(),
    /** Whether the record itself names webseeds; those of other records are in `webseed`. */
    namesWebseeds: boolean('names_web_seeds').notNull(),
    /** The codes by which search finds it: see `src/search-terms/codes.ts`. */
    codes: codes('codes').notNull(),
  },
  (t) => [
    index('torrent_v1').on(t.infoHashV1, t.id),
    index('torrent_v2').on(t.infoHashV2, t.id),
    index('torrent_v2_truncated').on(sql`left(info_hash_v2, 40)`, t.id),
    index('torrent_content').on(t.contentId, t.id),
    index('torrent_metainfo').on(t.metainfoCid).where(sql`metainfo_status = 'verified'`),
    index('torrent_did').on(t.did, t.id),
    index('torrent_newest').on(t.createdAt, t.id).where(sql`visible`),
    index('torrent_pending').on(t.nextTryAt).where(sql`metainfo_status = 'pending'`),
    index('torrent_codes').using('gin', t.codes).where(searched),
    index('torrent_fewest').on(sql`(coalesce(seeders, 2147483647))`, t.id).where(sql`visible`),
    index('torrent_wanted')
      .on(sql`(coalesce(seeders, 2147483647))`, t.id)
      .where(sql`visible and wanted and metainfo_status = 'verified'`),
    index('torrent_supersedes')
      .on(t.supersedes)
      .where(sql`supersedes is not null and visible and metainfo_status = 'verified'`),
    index('torrent_most').on(sql`(coalesce(seeders, -1))`, t.id).where(sql`visible`),
    index('torrent_largest').on(sql`(coalesce(size_bytes, -1))`, t.id).where(sql`visible`),
    index('torrent_smallest').on(sql`(coalesce(size_bytes, 9223372036854775807))`, t.id).where(sql`visible`),
  ],
)

/** The datasets that a torrent record says it contains (a part of), by AT-URI. A dataset may come later, or never. */
export const torrentDataset = table(
  'torrent_dataset',
  {
    torrentId: ref('torrent_id').notNull(),
    datasetUri: textC('dataset_uri').notNull(),
    datasetCid: text('dataset_cid'),
  },
  (t) => [
    primaryKey({ columns: [t.torrentId, t.datasetUri] }),
    index('torrent_dataset_uri').on(t.datasetUri, t.torrentId),
  ],
)

/**
 * What is derived from so many rows that it is derived later, some at a time: see `catalog/recounts.ts`. Nearly always
 * empty.
 */
export const recount = table(
  'recount',
  {
    /** `seeders`: the count of a content, for its torrents; `wanted`: the torrents of a dataset; `counts`: a dataset. */
    kind: text('kind', { enum: ['seeders', 'wanted', 'counts'] }).notNull(),
    /** As `swarmKey` gives it, or the AT-URI of a dataset. */
    subject: textC('subject').notNull(),
    /** The last torrent that is done. */
    afterId: ref('after_id').notNull().default(0),
    /** Whether it is to be done again from the beginning, since something changed meanwhile. */
    again: boolean('again').notNull().default(false),
    since: instant('since').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.kind, t.subject] }), index('recount_since').on(t.since)],
)

/** One content, identified by its verified infohashes. Torrent records of any author refer to it. */
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
    /** Whether a visible verified record names it; trackers serve exactly these contents. */
    announced: boolean('announced').notNull().default(false),
  },
  (t) => [
    uniqueIndex('content_v1').on(t.infoHashV1),
    uniqueIndex('content_v2').on(t.infoHashV2),
    index('content_v2_truncated').on(sql`left(info_hash_v2, 40)`),
    index('content_announced').on(t.id).where(sql`announced`),
  ],
)

/** Verified `.torrent` files, by the CID of the blob, or of all parts together. */
export const metainfo = table(
  'metainfo',
  {
    cid: text('cid').primaryKey(),
    contentId: ref('content_id').notNull(),
    sizeBytes: count('size_bytes').notNull(),
  },
  (t) => [index('metainfo_content').on(t.contentId)],
)

/**
 * Their bytes, in slices of `metainfoSliceBytes`, so that no statement handles a whole file: PostgreSQL needs several times
 * the size of a value to write it, and the memory of the embedded store never shrinks.
 */
export const metainfoSlice = table(
  'metainfo_slice',
  {
    cid: text('cid').notNull(),
    position: integer('position').notNull(),
    bytes: bytea('bytes').notNull(),
  },
  (t) => [primaryKey({ columns: [t.cid, t.position] })],
)

/**
 * What names a tracker or webseed of a content: a record (`record_id`, else 0) or verified metainfo (`metainfo_cid`, else
 * empty), which counts for each record that it verifies.
 */
export const namedAddress = table(
  'named_address',
  {
    infoHash: text('info_hash').notNull(),
    kind: text('kind', { enum: ['tracker', 'webseed'] }).notNull(),
    url: text('url').notNull(),
    recordId: ref('record_id').notNull(),
    metainfoCid: text('metainfo_cid').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.infoHash, t.kind, t.url, t.recordId, t.metainfoCid] }),
    index('named_address_record').on(t.recordId).where(sql`record_id <> 0`),
    index('named_address_metainfo').on(t.metainfoCid).where(sql`metainfo_cid <> ''`),
  ],
)

/** The first files of a content, up to a limit; the metainfo has all of them. */
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
