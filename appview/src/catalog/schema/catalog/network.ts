/** What is known of sources, accounts and repos. */
import { sql } from 'drizzle-orm'
import { boolean, index, integer, primaryKey, text } from 'drizzle-orm/pg-core'
import { instant } from '../columns.ts'
import { count, table } from './table.ts'

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
  (t) => [index('account_handle').on(t.handle), index('account_pds_host').on(t.pdsHost)],
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
