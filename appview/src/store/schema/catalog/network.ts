/** The tables of sources, accounts and repos. */
import { sql } from 'drizzle-orm'
import { boolean, index, integer, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { instant } from '../columns.ts'
import { count, id, ref, table } from './table.ts'

/** The cursor of each source: the last event such that its rows, and those of all events before it, are committed. */
export const sourceCursor = table('source_cursor', {
  host: text('host').primaryKey(),
  seq: count('seq').notNull(),
  eventTime: instant('event_time'),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

/** The progress of listing the repos of a source, so that a backfill continues where it stopped. */
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

/** The collections that this index has read from repos, a row for each set of them that was ever configured. */
export const collectionSet = table(
  'collection_set',
  {
    id: id().primaryKey(),
    /** NSIDs, sorted. */
    nsids: text('nsids').array().notNull(),
    /** Since when this set is read; the set with the latest time is the present one. */
    since: instant('since').notNull(),
  },
  (t) => [uniqueIndex('collection_set_nsids').on(t.nsids)],
)

/** What its host or a relay says about an account. Decisions of this operator are in `local.admission`, never here. */
export const account = table(
  'account',
  {
    did: text('did').primaryKey(),
    handle: text('handle'),
    pdsHost: text('pds_host'),
    active: boolean('active').notNull().default(true),
    status: text('status'),
    /** When this index last learned that the account was deleted; answers to earlier requests are then ignored. */
    deletedAt: instant('deleted_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [index('account_handle').on(t.handle), index('account_pds_host').on(t.pdsHost)],
)

/** The synchronization state of one repo (atproto sync spec). */
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
    /** The set of collections of which all records in the repo are known; null if it was read before this was noted. */
    collectionSet: ref('collection_set'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [index('repo_unsynchronized').on(t.retryAt).where(sql`state <> 'synchronized'`)],
)

/**
 * Decisions, and changes of accounts, that are in effect while the flags of records are still being updated: see
 * `catalog/sweeps.ts`. Nearly always empty. Every query that shows records reads it.
 */
export const sweep = table('sweep', {
  /** A DID, an AT-URI, an infohash, or `all`. */
  subject: text('subject').primaryKey(),
  kind: text('kind', { enum: ['did', 'uri', 'infohash', 'all'] }).notNull(),
  /** Whether nothing of this account is shown, whatever the flags of its records say. */
  veiled: boolean('veiled').notNull().default(false),
  /** For a deleted account: records with ids up to this are deleted even if the account comes back. */
  purgeUpTo: ref('purge_up_to'),
  /** How many records were still to be updated when last counted. */
  remaining: count('remaining').notNull().default(0),
  /** How many records were shown or hidden so far. */
  changed: count('changed').notNull().default(0),
  since: instant('since').notNull().defaultNow(),
})
