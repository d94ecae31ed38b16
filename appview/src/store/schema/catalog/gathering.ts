/** The tables of what people gather together: parts of datasets, and claims on them. */
import { sql } from 'drizzle-orm'
import { boolean, date, index, integer, primaryKey, smallint, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { instant, textC } from '../columns.ts'
import { count, id, ref, table } from './table.ts'

/** Parts of datasets that one person can gather alone. */
export const part = table(
  'part',
  {
    id: id().primaryKey(),
    recordId: ref('record_id').notNull(),
    /** As `partKey` gives it. */
    key: textC('key').notNull(),
    did: text('did').notNull(),
    datasetUri: textC('dataset_uri').notNull(),
    /** Whether the account also described the dataset: its own division comes before those of others. */
    own: boolean('own').notNull(),
    sizeBytes: count('size_bytes'),
    host: text('host'),
    tool: text('tool').notNull(),
    copies: smallint('copies').notNull(),
    /** The last day on which it can surely be gathered: that of the part, or else of the dataset. */
    deadline: date('deadline'),
    ownDeadline: date('own_deadline'),
    priority: smallint('priority').notNull(),
    /** Requests a minute that its author allows; null if it does not say. */
    requestsPerMinute: integer('requests_per_minute'),
    /** Whether its author still wants it: `open`, `closed` or `unnecessary`. */
    wanted: text('wanted').notNull(),
    /** The order among equals, which differs between indexes, so that they hand out different parts. */
    shuffle: count('shuffle').notNull(),
    visible: boolean('visible').notNull(),
    createdAt: instant('created_at').notNull(),
    /** The rest is derived (`derive/gathering.ts`). To whom it is offered: 0 to nobody, 1 to accounts that were let in, 2 to anyone. */
    openTo: smallint('open_to').notNull().default(0),
    state: text('state').notNull().default('open'),
    attempts: integer('attempts').notNull().default(0),
    /** When a claim, a lease or the probation of a torrent ends, and the part must be looked at again. */
    nextChangeAt: instant('next_change_at'),
  },
  (t) => [
    uniqueIndex('part_key').on(t.key),
    index('part_record').on(t.recordId),
    index('part_next')
      .on(
        t.datasetUri,
        sql`(coalesce(deadline, 'infinity'))`,
        t.priority.desc().nullsFirst(),
        t.attempts,
        t.shuffle,
      )
      .where(sql`open_to > 0 and visible`),
    index('part_next_anywhere')
      .on(sql`(coalesce(deadline, 'infinity'))`, t.priority.desc().nullsFirst(), t.attempts, t.shuffle)
      .where(sql`open_to > 0 and visible and own`),
    index('part_dataset').on(t.datasetUri, t.id),
    index('part_change').on(t.nextChangeAt).where(sql`next_change_at is not null`),
  ],
)

/** Promises to gather parts, also those of accounts that were not let in: they only count less. */
export const claim = table(
  'claim',
  {
    id: ref('id').primaryKey(),
    uri: textC('uri').notNull(),
    did: text('did').notNull(),
    partKey: textC('part_key').notNull(),
    status: text('status').notNull(),
    failure: text('failure'),
    /** By this time claims are ordered, as `claimOrderMs` gives it. */
    orderAt: instant('order_at').notNull(),
    /** As `claimCountsUntil` gives it; null for one that does not count. */
    countsUntil: instant('counts_until'),
    visible: boolean('visible').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    index('claim_part').on(t.partKey, t.orderAt),
    index('claim_did').on(t.did, t.createdAt),
    index('claim_newest').on(t.createdAt, t.id).where(sql`visible`),
  ],
)

/** The parts that a torrent record says its files are. */
export const torrentPart = table(
  'torrent_part',
  {
    torrentId: ref('torrent_id').notNull(),
    partKey: textC('part_key').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.torrentId, t.partKey] }),
    index('torrent_part_key').on(t.partKey, t.torrentId),
  ],
)
