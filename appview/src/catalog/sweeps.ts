/**
 * A decision of the operator, or a change of an account, takes effect with its commit, while the flags of its records are
 * updated afterwards in batches: this is a sweep. The transaction of the decision writes a row of `sweep`. That row veils an
 * account that must no longer be seen, and every query that shows records checks it (`shown.ts`), so a hundred thousand
 * records disappear as fast as one. The sweep then updates the flags. Its last step holds the lock of writers alone, so that
 * no transaction can still be writing flags by an older decision.
 */
import { sql } from 'drizzle-orm'
import { errorCode } from '../store/error-code.ts'
import { anyOf, type Db, rows } from '../store/sql.ts'
import { noteRemaining, noteSweeps, type SweepSubject } from '../store/sweep-notes.ts'
import { writing, writingAlone } from '../store/write-turns.ts'
import { settle } from './derive/settle.ts'
import { appendRecordChanges } from './derive/streams.ts'
import { createTouched } from './derive/touched.ts'
import { countUnsettled, findUnsettled, type Scope, unsettledCount } from './derive/visibility.ts'
import { extendAdmissions, knownForms } from './info-hash-forms.ts'
import { removeRecords } from './record-removal.ts'
import { shown } from './shown.ts'

export interface SweepOptions {
  /** Stops the sweep between two batches. */
  signal?: AbortSignal
  /** Stops after this many records, and leaves the rest to the sweeper. */
  atMost?: number
  /** Stops when other writers hold the lock for longer than this, and leaves the rest to the sweeper. */
  maxWaitMs?: number
  onProgress?: (progress: { remaining: number }) => void
}

/** How many records one transaction updates; other writers wait for it. */
const batchSize = 500
/** How many contents one transaction updates; only one flag of each is written. */
const contentsAtOnce = 5_000
/** How many records are swept while the caller waits, and how long it waits for other writers, in milliseconds. */
const [atOnce, longestWaitMs] = [2_000, 1_000]
/** How many ids are searched at a time. */
const idsAtOnce = 100_000

/** Counts the records that a decision shows or hides, after its sweep has begun. */
export async function countSwept(
  db: Db,
  { value }: SweepSubject,
  scope: Scope,
  limit: number,
): Promise<number> {
  const [swept] = await rows<{ n: number }>(
    db,
    sql`SELECT coalesce((SELECT changed FROM catalog.sweep WHERE subject = ${value}), 0)
          + (${unsettledCount(scope, limit)}) AS n`,
  )
  return Number(swept!.n)
}

/**
 * Updates the flags. Resolves with how many records were updated, and whether that was all. Several processes may sweep the
 * same subject at once; each then has less to do.
 */
export async function sweep(
  db: Db,
  subject: SweepSubject,
  options: SweepOptions = {},
): Promise<{ records: number; done: boolean }> {
  const { signal, atMost = Number.POSITIVE_INFINITY } = options
  const row = await readSweep(db, subject)
  if (!row) return { records: 0, done: true }
  if (subject.kind === 'did') {
    const { value: did } = subject
    const isLarge = (await countUnsettled(db, { dids: [did] }, batchSize + 1)) > batchSize
    if (isLarge) {
      if (row.remaining === 0) await countRemaining(db, subject, options)
      await align(db, did, { ...options, veiled: row.veiled })
    }
  }
  let records = 0
  for (;;) {
    const step = await takeStep(db, subject, options)
    if (step === 'done') return { records, done: true }
    records += step
    if (records >= atMost || signal?.aborted) return { records, done: false }
  }
}

/**
 * Sweeps the first few thousand records while the caller waits, so that small changes are complete when this resolves. The
 * rest, and what would have to wait for other writers, is left to the sweeper.
 */
export async function sweepSome(db: Db, subjects: readonly SweepSubject[]): Promise<void> {
  for (const subject of subjects) {
    try {
      await sweep(db, subject, { atMost: atOnce, maxWaitMs: longestWaitMs })
    } catch (error) {
      if (!/^(?:40|55)/.test(errorCode(error) ?? '')) throw error
    }
  }
}

/** Reports the number of records before the first batch, which may take a while to begin. */
async function countRemaining(db: Db, subject: SweepSubject, { onProgress }: SweepOptions): Promise<void> {
  const remaining = await countUnsettled(db, await scopeOf(db, subject), idsAtOnce)
  await noteRemaining(db, subject, remaining)
  onProgress?.({ remaining })
}

interface SweepRow extends Record<string, unknown> {
  veiled: boolean
  remaining: number
  purges: boolean
}

async function readSweep(db: Db, { value }: SweepSubject): Promise<SweepRow | undefined> {
  const [row] = await rows<SweepRow>(
    db,
    sql`SELECT veiled, remaining, purge_up_to IS NOT NULL AS purges FROM catalog.sweep WHERE subject = ${value}`,
  )
  return row
}

/** Does one batch of the work. Resolves with how many records it updated, or that nothing is left. */
async function takeStep(db: Db, subject: SweepSubject, options: SweepOptions): Promise<number | 'done'> {
  const row = await readSweep(db, subject)
  if (!row) return 'done'
  if (row.purges) {
    return alone(db, options, (tx) => purgeBatch(tx, subject.value))
  }
  const ids = await findAll(db, subject)
  if (ids.length === 0) return alone(db, options, (tx) => finish(tx, subject))
  return settleInBatches(db, ids, subject, options)
}

async function settleInBatches(
  db: Db,
  ids: readonly number[],
  { kind, value }: SweepSubject,
  options: SweepOptions,
): Promise<number> {
  // Records of a veiled account are hidden already, but a record or a content only with its flags, so those must not wait.
  const turn = kind === 'did' || kind === 'all' ? alone : atOnceWith
  const { signal, atMost = Number.POSITIVE_INFINITY, onProgress } = options
  let settled = 0
  for (let from = 0; from < ids.length && settled < atMost && !signal?.aborted; from += batchSize) {
    const batch = ids.slice(from, from + batchSize)
    const remaining = ids.length - from - batch.length
    await turn(db, options, async (tx) => {
      const changed = await settle(tx, createTouched({ records: batch }))
      await tx.execute(sql`
        UPDATE catalog.sweep SET remaining = ${remaining}, changed = changed + ${changed}::int WHERE subject = ${value}`)
    })
    settled += batch.length
    onProgress?.({ remaining })
  }
  return settled
}

/** Deletes the row of `sweep` if all flags are up to date and no other transaction can be writing outdated ones. */
async function finish(tx: Db, subject: SweepSubject): Promise<number | 'done'> {
  await tx.execute(sql`SELECT FROM catalog.sweep WHERE subject = ${subject.value} FOR UPDATE`)
  // Metainfo that was being verified may have revealed more infohashes of the content than the decision named.
  if (subject.kind === 'infohash') await extendAdmissions(tx, [await knownForms(tx, subject.value)])
  const late = await findUnsettled(tx, await scopeOf(tx, subject), { limit: batchSize })
  if (late.length > 0) {
    await settle(tx, createTouched({ records: late }))
    return late.length
  }
  if (subject.kind === 'did') {
    const contentIds = (await findMisannounced(tx, subject.value)).slice(0, contentsAtOnce)
    if (contentIds.length > 0) {
      await settle(tx, createTouched({ contents: contentIds }))
      return 0
    }
  }
  await tx.execute(sql`DELETE FROM catalog.sweep WHERE subject = ${subject.value}`)
  return 'done'
}

/** Deletes a batch of records of a deleted account; records that it wrote after coming back stay. */
async function purgeBatch(tx: Db, did: string): Promise<number> {
  const records = await rows<{ uri: string }>(
    tx,
    sql`SELECT r.uri FROM catalog.record r WHERE r.did = ${did} AND (
          EXISTS (SELECT FROM catalog.account a WHERE a.did = r.did AND NOT a.active)
          OR r.id <= (SELECT purge_up_to FROM catalog.sweep WHERE subject = r.did)) LIMIT ${batchSize}`,
  )
  const uris = records.map((row) => row.uri)
  const touched = createTouched()
  await removeRecords(tx, uris, touched)
  await settle(tx, touched)
  await tx.execute(sql`DELETE FROM local.first_seen WHERE uri = ${anyOf(uris)}`)
  await tx.execute(sql`
    UPDATE catalog.sweep SET remaining = greatest(remaining - ${records.length}::int, 0) WHERE subject = ${did}`)
  if (records.length < batchSize) {
    await tx.execute(sql`UPDATE catalog.sweep SET purge_up_to = NULL WHERE subject = ${did}`)
    await noteSweeps(tx, [{ kind: 'did', value: did }])
  }
  return records.length
}

/**
 * Updates the allow-list of trackers first, for which only one flag of each content is written. For a veiled account, also
 * removes its earlier events from the replay, though each record is reported as hidden only when its own flag is updated.
 */
async function align(db: Db, did: string, options: SweepOptions & { veiled: boolean }): Promise<void> {
  if (options.veiled)
    await alone(db, options, (tx) =>
      appendRecordChanges(tx, [{ action: 'hide', kind: 'account', uri: `at://${did}`, cid: null }]),
    )
  const ids = await findMisannounced(db, did)
  for (let from = 0; from < ids.length && !options.signal?.aborted; from += contentsAtOnce) {
    const contentIds = ids.slice(from, from + contentsAtOnce)
    await alone(db, options, (tx) => settle(tx, createTouched({ contents: contentIds })))
  }
}

/** Finds contents of an account's torrents that are announced but should not be, or the other way round. */
async function findMisannounced(db: Db, did: string): Promise<number[]> {
  const found = await rows<{ id: number }>(
    db,
    sql`SELECT DISTINCT c.id FROM catalog.torrent t JOIN catalog.content c ON c.id = t.content_id
        WHERE t.did = ${did} AND t.metainfo_status = 'verified' AND c.announced <> EXISTS (
          SELECT FROM catalog.torrent o
          WHERE o.content_id = c.id AND ${shown('o')} AND o.metainfo_status = 'verified')`,
  )
  return found.map((row) => row.id)
}

async function findAll(db: Db, subject: SweepSubject): Promise<number[]> {
  const scope = await scopeOf(db, subject)
  if (scope !== 'all') return findUnsettled(db, scope, { limit: idsAtOnce })
  const [last] = await rows<{ id: number | null }>(db, sql`SELECT max(id) AS id FROM catalog.record`)
  const upTo = last?.id ?? 0
  const found: number[] = []
  for (let after = 0; after < upTo && found.length < idsAtOnce; after += idsAtOnce)
    found.push(
      ...(await findUnsettled(db, 'all', { limit: idsAtOnce, ids: { after, upTo: after + idsAtOnce } })),
    )
  return found
}

async function scopeOf(db: Db, { kind, value }: SweepSubject): Promise<Scope> {
  if (kind === 'all') return 'all'
  if (kind === 'did') return { dids: [value] }
  if (kind === 'uri') return { uris: [value] }
  return { infoHashes: await knownForms(db, value) }
}

function alone<T>(db: Db, { maxWaitMs }: SweepOptions, work: (tx: Db) => Promise<T>): Promise<T> {
  return writingAlone(db, work, maxWaitMs === undefined ? {} : { maxWaitMs })
}

function atOnceWith<T>(db: Db, _: SweepOptions, work: (tx: Db) => Promise<T>): Promise<T> {
  return writing(db, work)
}
