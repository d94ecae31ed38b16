/**
 * The schema `local`: what only this server knows. A rebuild of the catalog never touches it.
 */
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { instant, textC } from './columns.ts'

export const localSchema = pgSchema('local')
const table = localSchema.table
const count = (name: string) => bigint(name, { mode: 'number' })

/** Single values: the admission policy under which the visible flags were computed, the node's own id. */
export const setting = table('setting', { name: text('name').primaryKey(), value: jsonb('value').notNull() })

/** The operator's decision on a DID, an AT-URI or an infohash (any form, as normalized hex). */
export const admission = table('admission', {
  subject: textC('subject').primaryKey(),
  subjectKind: text('subject_kind', { enum: ['did', 'uri', 'infohash'] }).notNull(),
  action: text('action', { enum: ['allow', 'deny'] }).notNull(),
  reason: text('reason'),
  decidedAt: instant('decided_at').notNull().defaultNow(),
})

/** Every decision that the operator ever made, also those taken back. Rows are only added. */
export const decision = table(
  'decision',
  {
    /** A UUID, by which a copy outside the database knows what it has. */
    id: text('id').primaryKey(),
    at: instant('at').notNull(),
    action: text('action', { enum: ['allow', 'deny', 'restore'] }).notNull(),
    subject: text('subject').notNull(),
    subjectKind: text('subject_kind', { enum: ['did', 'uri', 'infohash'] }).notNull(),
    reason: text('reason'),
    /** Who decided, as they named themselves; null if nobody said. */
    by: text('by'),
    /** All infohashes of the content, as they were known then; empty for other subjects. */
    infoHashes: jsonb('info_hashes').$type<readonly string[]>().notNull().default([]),
  },
  (t) => [index('decision_at').on(t.at, t.id), index('decision_subject').on(t.subject, t.at)],
)

/**
 * All infohashes of each content that was decided on, as known from verified metainfo: denying the v1 infohash must also deny
 * a record that names only the v2 one, even after a rebuild.
 */
export const infoHashAdmission = table(
  'info_hash_admission',
  {
    infoHash: text('info_hash').primaryKey(),
    subject: text('subject').notNull(),
    action: text('action', { enum: ['allow', 'deny'] }).notNull(),
  },
  (t) => [index('info_hash_admission_subject').on(t.subject)],
)

/** When this index first saw a record, and when it last changed, so that feeds and `indexedAt` survive a rebuild. */
export const firstSeen = table('first_seen', {
  uri: textC('uri').primaryKey(),
  at: instant('at').notNull(),
  /** The CID of the version that was seen last; the same CID again is not a change. */
  cid: text('cid'),
  /** When that version was written, by its revision; later than `at` if the record was edited. */
  changedAt: instant('changed_at'),
  /** The content that a torrent or webseed record names, as `namedContent` gives it. */
  named: text('named'),
  /** Since when it has named that; null for a record that was seen before this was noted, and counts from `at`. */
  namedAt: instant('named_at'),
  /** When the commit that first brought it was made, if that commit was seen as it was made. */
  liveAt: instant('live_at'),
})

/**
 * Parts that this index has handed out: at most one in each slot, so that none is handed out twice. A lease ends at
 * `ends_at`, unless a claim arrives before; it then lasts as long as the claim counts, for the pace that it was given.
 */
export const lease = table(
  'lease',
  {
    partKey: textC('part_key').notNull(),
    slot: smallint('slot').notNull(),
    /** Unguessable: whoever knows it may give it back. */
    id: text('id').notNull(),
    did: text('did').notNull(),
    grantedAt: instant('granted_at').notNull(),
    endsAt: instant('ends_at').notNull(),
    /** Whether a claim of the account has taken its place. */
    claimed: boolean('claimed').notNull().default(false),
    host: text('host'),
    /** The requests a minute that the account may send to the host. */
    requestsPerMinute: integer('requests_per_minute').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.partKey, t.slot] }),
    uniqueIndex('lease_id').on(t.id),
    index('lease_did').on(t.did, t.endsAt),
    index('lease_host').on(t.host, t.endsAt),
    index('lease_end').on(t.endsAt),
  ],
)

/** The sequence and epoch of each live stream. A lock on the row makes the order of commits that of the sequence. */
export const stream = table('stream', {
  name: text('name').primaryKey(),
  epoch: text('epoch').notNull(),
  seq: count('seq').notNull().default(0),
})

/** Changes of the allow-list, for replays to trackers. */
export const infoHashChange = table(
  'info_hash_change',
  {
    seq: count('seq').primaryKey(),
    at: instant('at').notNull().defaultNow(),
    action: text('action', { enum: ['add', 'remove'] }).notNull(),
    infoHashV1: text('info_hash_v1'),
    infoHashV2: text('info_hash_v2'),
  },
  (t) => [index('info_hash_change_at').on(t.at)],
)

/** Changes of datasets and torrents, for replays to clients. Hiding a record deletes its earlier changes. */
export const recordChange = table(
  'record_change',
  {
    seq: count('seq').primaryKey(),
    at: instant('at').notNull().defaultNow(),
    action: text('action', { enum: ['upsert', 'delete', 'hide', 'unhide'] }).notNull(),
    kind: text('kind').notNull(),
    uri: text('uri').notNull(),
    cid: text('cid'),
  },
  (t) => [
    index('record_change_at').on(t.at),
    index('record_change_uri').on(t.uri),
    index('record_change_gone').on(t.at, t.seq).where(sql`kind = 'dataset' and action in ('hide', 'delete')`),
  ],
)

/**
 * A content at one of its trackers, with the tracker's last answer: only counts, never an address (invariant 7).
 * `scraped_at` is when it was last asked; null for never.
 */
export const swarm = table(
  'swarm',
  {
    /** The v2 infohash if there is one, else the v1; the same after a rebuild. */
    infoHash: text('info_hash').notNull(),
    tracker: text('tracker').notNull(),
    seeders: integer('seeders'),
    leechers: integer('leechers'),
    completed: count('completed'),
    scrapedAt: instant('scraped_at'),
    failures: integer('failures').notNull().default(0),
    error: text('error'),
    /** Whether it is one of this operator's trackers; counts of other trackers are only claims. */
    own: boolean('own').notNull().default(false),
    /** Whether it is stored who named it (`catalog.named_address`); null in rows of older versions. */
    named: boolean('named'),
  },
  (t) => [
    primaryKey({ columns: [t.infoHash, t.tracker] }),
    index('swarm_tracker').on(t.tracker, t.scrapedAt.nullsFirst()),
  ],
)

/** The history of combined counts, with fewer points the older they are. */
export const swarmHistory = table(
  'swarm_history',
  {
    infoHash: text('info_hash').notNull(),
    at: instant('at').notNull(),
    seeders: integer('seeders').notNull(),
    leechers: integer('leechers').notNull(),
  },
  (t) => [primaryKey({ columns: [t.infoHash, t.at] })],
)

/** The results of probing addresses that strangers named: webseeds by content, sources by dataset. */
export const probe = table(
  'probe',
  {
    url: text('url').notNull(),
    subject: textC('subject').notNull(),
    status: text('status').notNull(),
    detail: jsonb('detail').$type<Record<string, unknown>>().notNull().default({}),
    checkedAt: instant('checked_at').notNull(),
    changedAt: instant('changed_at').notNull(),
    nextAt: instant('next_at').notNull(),
    failures: integer('failures').notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.subject, t.url] }),
    index('probe_next').on(t.nextAt),
    index('probe_lost').on(t.changedAt).where(sql`status in ('offline', 'gone')`),
  ],
)

/** Each change of a probe's status, oldest first. */
export const probeHistory = table(
  'probe_history',
  {
    subject: textC('subject').notNull(),
    url: text('url').notNull(),
    at: instant('at').notNull(),
    status: text('status').notNull(),
  },
  (t) => [primaryKey({ columns: [t.subject, t.url, t.at] })],
)

/** The totals of each day, for getStats. */
export const dailyStats = table('daily_stats', {
  day: text('day').primaryKey(),
  totals: jsonb('totals').$type<Record<string, number>>().notNull(),
  updatedAt: instant('updated_at').notNull().default(sql`now()`),
})
