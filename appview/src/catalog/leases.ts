/**
 * Hands out parts of datasets. A lease only bridges the time until the account's claim arrives in its repository: the records
 * are what counts, and an index that loses its leases loses nothing.
 */
import { randomBytes } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm'
import { withPatience } from '../store/patience.ts'
import { readOnly } from '../store/read-only.ts'
import { anyOf, type Db, recordset, rows, textArray, toInstant } from '../store/sql.ts'
import { sharedTurn, writing, writingTogether } from '../store/write-turns.ts'
import { admitted, deriveParts, refreshParts } from './derive/gathering.ts'
import { shown } from './shown.ts'

/** Within this time a claim must arrive, or the part is offered again. */
export const leaseMinutes = 10

export interface GatheringLimits {
  /** How many requests a minute all volunteers together may be told to send to a host. */
  readonly requestsPerMinutePerHost: number
  /** How many accounts may work on one host at once. */
  readonly claimsPerHost: number
  /** How many parts an account may hold that the operator has let in; it gets two more for each that it gathered this month. */
  readonly claimsPerAccount: number
}

export const defaultGatheringLimits: GatheringLimits = {
  requestsPerMinutePerHost: 300,
  claimsPerHost: 20,
  claimsPerAccount: 5,
}

const mostClaimsPerAccount = 200
/** An account that the operator has not let in holds at most this many parts, each for at most an hour. */
const claimsOfStranger = 3
const strangerSeconds = 3_600

/** Which parts somebody would take. */
export interface PartFilter {
  readonly dataset?: string | undefined
  /** The account that divided the dataset; by default its author, or else whose division most work on. */
  readonly by?: string | undefined
  readonly maxBytes?: number | undefined
  readonly tools?: readonly string[] | undefined
  readonly excludeHosts?: readonly string[] | undefined
}

export interface Lease {
  readonly id: string
  readonly partKey: string
  /** An instant. */
  readonly confirmBy: string
  readonly host: string | null
  readonly requestsPerMinute: number
  /** For how long the claim may be made, at most. */
  readonly maxSeconds: number | undefined
}

/** Why nothing was handed out. */
export type NoLease = 'no-part' | 'too-many-claims' | 'source-busy'

/** What somebody asks for. */
export interface LeaseRequest {
  readonly did: string
  readonly count: number
}

interface Account {
  admitted: boolean
  held: number
  gathered: number
}

/**
 * Hands out parts to accounts that ask for the same kind, in the order of urgency: up to `count` to each. No part is handed out
 * more often than copies are wanted. Many requests take hardly longer than one, since they share each statement.
 */
export async function leaseParts(
  db: Db,
  {
    requests,
    filter,
    limits,
  }: { requests: readonly LeaseRequest[]; filter: PartFilter; limits: GatheringLimits },
): Promise<(Lease[] | NoLease)[]> {
  const accounts = await readAccounts(
    db,
    requests.map(({ did }) => did),
  )
  const by = await divisionOf(db, filter)
  const answers = new Map<LeaseRequest, Lease[] | NoLease>()
  const asking = { db, filter: { ...filter, by }, limits }
  for (const isAdmitted of [true, false]) {
    const wanting = requests.filter(({ did }) => accounts.get(did)?.admitted === isAdmitted)
    const served = await serve(wanting, isAdmitted, asking)
    for (const [request, answer] of served) answers.set(request, answer)
    // Parts that were picked for all may be ones that this account may not have; a search of its own passes over them.
    if (wanting.length < 2) continue
    for (const request of wanting) {
      if (answers.get(request) !== 'no-part' && answers.get(request) !== 'source-busy') continue
      for (const [again, answer] of await serve([request], isAdmitted, asking)) answers.set(again, answer)
    }
  }
  return requests.map((request) => answers.get(request) ?? 'no-part')
}

type Answers = Map<LeaseRequest, Lease[] | NoLease>

/** Hands parts out in one transaction, and resolves with the answer to each request. */
async function serve(
  requests: readonly LeaseRequest[],
  isAdmitted: boolean,
  { db, filter, limits }: { db: Db; filter: PartFilter; limits: GatheringLimits },
): Promise<Answers> {
  if (requests.length === 0) return new Map()
  const dids = [...new Set(requests.map(({ did }) => did))]
  const alone = requests.length === 1 ? requests[0]!.did : undefined
  const maxSeconds = isAdmitted ? undefined : strangerSeconds
  return writing(db, async (tx) => {
    const answers: Answers = new Map()
    await tx.execute(sql`SELECT ${sharedTurn}, ${inIndexOrder}`)
    const wanting = await wantedOf(tx, requests, { dids, limits })
    for (const request of requests) answers.set(request, wanting.has(request) ? 'no-part' : 'too-many-claims')
    const wanted = [...wanting.values()].reduce((sum, count) => sum + count, 0)
    if (wanted === 0) return answers
    const left = await rows<Picked>(tx, pick(filter, { isAdmitted, wanted, did: alone }))
    if (left.length === 0) return answers
    const barred = alone === undefined ? await readBarred(tx, { picked: left, dids }) : new Set<string>()
    const usage = await readUsage(tx, left)
    const given: Given[] = []
    for (const [request, count] of wanting) {
      const { did } = request
      const fitting = left.filter(({ key }) => !barred.has(barOf(key, did))).slice(0, count)
      const paced = givePaces(fitting, usage, limits)
      if (paced.length === 0 && fitting.length > 0) answers.set(request, 'source-busy')
      for (const part of paced) {
        left.splice(
          left.findIndex(({ key }) => key === part.key),
          1,
        )
        given.push({ ...part, did, request })
      }
    }
    for (const { request, lease } of await insertLeases(tx, given)) {
      const before = answers.get(request)
      answers.set(request, [...(Array.isArray(before) ? before : []), { ...lease, maxSeconds }])
    }
    await deriveParts(
      tx,
      given.map(({ key }) => key),
    )
    return answers
  })
}

/**
 * How many parts each request may be given; those that may be given none are absent. The accounts are locked first: one that
 * asks several times at once gets no more than one that asks in turn.
 */
async function wantedOf(
  tx: Db,
  requests: readonly LeaseRequest[],
  { dids, limits }: { dids: readonly string[]; limits: GatheringLimits },
): Promise<Map<LeaseRequest, number>> {
  await tx.execute(sql`
    SELECT count(pg_advisory_xact_lock(${accountLocks}, lock)) FROM (
      SELECT DISTINCT hashtext(did) AS lock FROM unnest(${textArray(dids)}) AS one (did) ORDER BY lock) AS accounts`)
  const accounts = await readAccounts(tx, dids)
  const room = new Map(
    Array.from(accounts, ([did, account]) => [did, roomOf(account, limits) - account.held]),
  )
  const wanting = new Map<LeaseRequest, number>()
  for (const request of requests) {
    const left = room.get(request.did) ?? 0
    const count = Math.min(request.count, left)
    if (count <= 0) continue
    wanting.set(request, count)
    room.set(request.did, left - count)
  }
  return wanting
}

/**
 * Has parts read in the order of an index until the transaction ends: PostgreSQL expects next to none to be open, and would
 * sort all of them.
 */
const inIndexOrder: SQL = sql`set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true),
  set_config('enable_bitmapscan', 'off', true), set_config('jit', 'off', true)`

/** The key of the part that an account without any would be given next; undefined if there is none. */
export async function findNextPart(db: Db, filter: PartFilter): Promise<string | undefined> {
  const by = await divisionOf(db, filter)
  return readOnly(db, async (tx) => {
    await tx.execute(sql`SELECT ${inIndexOrder}`)
    const [next] = await rows<{ key: string }>(
      tx,
      sql`SELECT p.key FROM catalog.part p WHERE ${offered({ ...filter, by }, 2)} ORDER BY ${urgency} LIMIT 1`,
    )
    return next?.key
  })
}

/** Ends a lease that no claim has followed yet. Resolves with whether the account had it. */
export async function releaseLease(db: Db, { did, id }: { did: string; id: string }): Promise<boolean> {
  return writingTogether(db, async (tx) => {
    const gone = await rows<{ key: string }>(
      tx,
      sql`DELETE FROM local.lease WHERE id = ${id} AND did = ${did} AND NOT claimed RETURNING part_key AS key`,
    )
    await refreshParts(
      tx,
      gone.map(({ key }) => key),
    )
    return gone.length > 0
  })
}

/** Deletes leases that ended. */
export async function forgetEndedLeases(db: Db, limit: number): Promise<number> {
  const gone = await rows(
    db,
    sql`DELETE FROM local.lease WHERE (part_key, slot) IN (
          SELECT part_key, slot FROM local.lease WHERE ends_at < now() - interval '1 hour' LIMIT ${limit}) RETURNING 1 AS gone`,
  )
  return gone.length
}

function roomOf({ admitted, gathered }: Account, { claimsPerAccount }: GatheringLimits): number {
  if (!admitted) return claimsOfStranger
  return Math.min(claimsPerAccount + 2 * gathered, mostClaimsPerAccount)
}

/** How many parts each account holds, and how many it gathered in the last 30 days. */
async function readAccounts(db: Db, dids: readonly string[]): Promise<Map<string, Account>> {
  const found = await rows<{ did: string; admitted: boolean; held: number; gathered: number }>(
    db,
    sql`SELECT one.did, ${admitted(sql`one.did`)} AS admitted,
          (SELECT count(*)::int FROM (
            SELECT part_key FROM catalog.claim c WHERE c.did = one.did AND c.counts_until > now() AND c.status <> 'done'
            UNION SELECT part_key FROM local.lease l WHERE l.did = one.did AND l.ends_at > now() AND NOT l.claimed) AS held) AS held,
          (SELECT count(DISTINCT tp.part_key)::int FROM catalog.torrent t JOIN catalog.torrent_part tp ON tp.torrent_id = t.id
            WHERE t.did = one.did AND t.visible AND t.metainfo_status = 'verified'
              AND t.indexed_at > now() - interval '30 days') AS gathered
        FROM unnest(${textArray([...new Set(dids)])}) AS one (did)`,
  )
  return new Map(found.map(({ did, ...account }) => [did, account]))
}

/** Of how many parts it is counted who divided a dataset that its author did not divide. */
const divisionSample = 5_000

/** Whose division of a dataset is meant: that of its author, or else the one of which most was gathered. */
async function divisionOf(db: Db, { dataset, by }: PartFilter): Promise<string | undefined> {
  if (by !== undefined || dataset === undefined) return by
  const [division] = await rows<{ did: string }>(
    db,
    sql`WITH own AS (SELECT p.did FROM catalog.part p WHERE p.dataset_uri = ${dataset} AND p.own AND ${shown('p')} LIMIT 1),
        others AS (SELECT p.did, p.state FROM catalog.part p
          WHERE p.dataset_uri = ${dataset} AND ${shown('p')} AND NOT EXISTS (SELECT FROM own) LIMIT ${divisionSample})
        SELECT did FROM own UNION ALL (SELECT did FROM others GROUP BY did
          ORDER BY count(*) FILTER (WHERE state <> 'open') DESC, count(*) DESC, did LIMIT 1)`,
  )
  return division?.did
}

const urgency: SQL = sql`coalesce(p.deadline, 'infinity'), p.priority DESC, p.attempts, p.shuffle`

/** Whether a part `p` may be offered to a class of accounts: 1 for those that were let in, 2 for all. */
function offered({ dataset, by, maxBytes, tools, excludeHosts }: PartFilter, openTo: 1 | 2): SQL {
  const conditions = [
    sql`p.open_to > 0`,
    ...(openTo === 2 ? [sql`p.open_to = 2`] : []),
    shown('p'),
    dataset === undefined ? sql`p.own` : sql`p.dataset_uri = ${dataset}`,
    sql`EXISTS (SELECT FROM catalog.dataset d WHERE d.uri = p.dataset_uri AND ${shown('d')})`,
    ...(by === undefined ? [] : [sql`p.did = ${by}`]),
    ...(maxBytes === undefined ? [] : [sql`coalesce(p.size_bytes, 0) <= ${maxBytes}`]),
    ...(tools?.length ? [sql`p.tool = ANY (${textArray(tools)})`] : []),
    ...(excludeHosts?.length ? [sql`coalesce(p.host, '') <> ALL (${textArray(excludeHosts)})`] : []),
  ]
  return sql.join(conditions, sql` AND `)
}

interface Picked extends Record<string, unknown> {
  key: string
  host: string | null
  requestsPerMinute: number | null
}

/**
 * Locks the parts to hand out, and then their hosts. Each transaction that takes a part changes its row, so whoever waited for
 * the lock sees that it is taken; parts that others are taking at this moment are passed over. With `did`, parts that this
 * account has or gave up are, too.
 */
function pick(
  filter: PartFilter,
  { did, isAdmitted, wanted }: { did: string | undefined; isAdmitted: boolean; wanted: number },
): SQL {
  const notBarred =
    did === undefined
      ? sql``
      : sql`AND NOT EXISTS (SELECT FROM catalog.claim c WHERE c.part_key = p.key AND c.did = ${did} AND ${claimBars})
          AND NOT EXISTS (SELECT FROM local.lease l WHERE l.part_key = p.key AND l.did = ${did} AND l.ends_at > now())`
  return sql`
    WITH picked AS MATERIALIZED (
      SELECT p.key, p.host, p.requests_per_minute, row_number() OVER () AS place FROM (
        SELECT p.key, p.host, p.requests_per_minute FROM catalog.part p
        WHERE ${offered(filter, isAdmitted ? 1 : 2)} ${notBarred}
        ORDER BY ${urgency} LIMIT ${wanted} FOR UPDATE OF p SKIP LOCKED) AS p),
    locked AS MATERIALIZED (
      SELECT pg_advisory_xact_lock(${hostLocks}, lock) FROM (
        SELECT DISTINCT hashtext(host) AS lock FROM picked WHERE host IS NOT NULL ORDER BY lock) AS hosts)
    SELECT key, host, requests_per_minute AS "requestsPerMinute" FROM picked, (SELECT count(*) FROM locked) AS all_locked
    ORDER BY place`
}

/** Whether a claim `c` keeps its author from being given the part. */
const claimBars: SQL = sql`(c.counts_until > now() OR c.status = 'failed')`

function barOf(key: string, did: string): string {
  return `${did} ${key}`
}

/** Which of these accounts may not have which of these parts, since they have or gave up them. */
async function readBarred(
  tx: Db,
  { picked, dids }: { picked: readonly Picked[]; dids: readonly string[] },
): Promise<Set<string>> {
  const keys = textArray(picked.map(({ key }) => key))
  const found = await rows<{ key: string; did: string }>(
    tx,
    sql`SELECT c.part_key AS key, c.did FROM unnest(${keys}) AS k (key) JOIN catalog.claim c ON c.part_key = k.key COLLATE "C"
          WHERE c.did = ${anyOf(dids)} AND ${claimBars}
        UNION SELECT l.part_key, l.did FROM unnest(${keys}) AS k (key) JOIN local.lease l ON l.part_key = k.key COLLATE "C"
          WHERE l.did = ${anyOf(dids)} AND l.ends_at > now()`,
  )
  return new Set(found.map(({ key, did }) => barOf(key, did)))
}

/** The class of the advisory locks by which an account holds no more than it may, however often it asks at once. */
const accountLocks = 0x68646163

/** The class of the advisory locks by which hosts are asked no more than they may be, however many ask at once. */
const hostLocks = 0x68647073

interface Usage {
  accounts: number
  pace: number
}

/** How many accounts work on the hosts of these parts, and how many requests a minute they were given. */
async function readUsage(tx: Db, picked: readonly Picked[]): Promise<Map<string, Usage>> {
  const hosts = [...new Set(picked.flatMap(({ host }) => host ?? []))]
  const found = await rows<{ host: string; accounts: number; pace: number }>(
    tx,
    sql`SELECT host, count(*)::int AS accounts, sum(requests_per_minute)::int AS pace FROM local.lease
        WHERE host = ${anyOf(hosts)} AND ends_at > now() GROUP BY host`,
  )
  return new Map(found.map(({ host, ...usage }) => [host, usage]))
}

/**
 * Gives each part its share of what its host may be asked. Half of the pace is divided evenly over all that may work on the
 * host; of the rest, who comes first gets half, who comes next half of what is left. Parts of hosts that are busy are omitted.
 */
function givePaces(
  picked: readonly Picked[],
  usage: Map<string, Usage>,
  { requestsPerMinutePerHost, claimsPerHost }: GatheringLimits,
): Paced[] {
  return picked.flatMap((part) => {
    const allowed = Math.min(part.requestsPerMinute ?? requestsPerMinutePerHost, requestsPerMinutePerHost)
    if (part.host === null) return [{ ...part, pace: allowed }]
    const used = usage.get(part.host) ?? { accounts: 0, pace: 0 }
    const least = Math.max(1, Math.floor(allowed / (2 * claimsPerHost)))
    if (used.accounts >= claimsPerHost || allowed - used.pace < least) return []
    const spare = allowed - used.pace - least * (claimsPerHost - used.accounts)
    const pace = least + Math.max(0, Math.floor(spare / 2))
    usage.set(part.host, { accounts: used.accounts + 1, pace: used.pace + pace })
    return [{ ...part, pace }]
  })
}

type Paced = Picked & { pace: number }

type Given = Paced & { did: string; request: LeaseRequest }

async function insertLeases(
  tx: Db,
  given: readonly Given[],
): Promise<{ request: LeaseRequest; lease: Omit<Lease, 'maxSeconds'> }[]> {
  if (given.length === 0) return []
  const byId = new Map(given.map((one) => [randomBytes(16).toString('base64url'), one]))
  const input = Array.from(byId, ([id, { key, host, pace, did }]) => ({ key, host, pace, did, id }))
  const ends = await rows<{ id: string; confirmBy: string }>(
    tx,
    sql`
    INSERT INTO local.lease AS l (part_key, slot, id, did, granted_at, ends_at, host, requests_per_minute)
    SELECT input.key, (
        SELECT min(s) FROM generate_series(1, 100) AS s
        WHERE NOT EXISTS (SELECT FROM local.lease t WHERE t.part_key = input.key COLLATE "C" AND t.slot = s AND t.ends_at > now())),
      input.id, input.did, now(), now() + make_interval(mins => ${leaseMinutes}), input.host, input.pace
    FROM ${recordset(input, 'key text, host text, pace int, did text, id text')}
    ON CONFLICT (part_key, slot) DO UPDATE SET id = excluded.id, did = excluded.did, granted_at = excluded.granted_at,
      ends_at = excluded.ends_at, claimed = false, host = excluded.host, requests_per_minute = excluded.requests_per_minute
    WHERE l.ends_at <= now()
    RETURNING l.id, l.ends_at AS "confirmBy"`,
  )
  const endOf = new Map(ends.map(({ id, confirmBy }) => [id, toInstant(confirmBy)]))
  return Array.from(byId).flatMap(([id, { request, key, host, pace }]) => {
    const confirmBy = endOf.get(id)
    return confirmBy === undefined
      ? []
      : [{ request, lease: { id, partKey: key, confirmBy, host, requestsPerMinute: pace } }]
  })
}

/** Hands out parts one request at a time or many together, as they come in. */
export interface LeaseDesk {
  lease(request: LeaseRequest, filter: PartFilter): Promise<Lease[] | NoLease>
}

const mostAtOnce = 100
/** How long a batch may wait for the store. */
const batchMs = 8_000

/** While parts are handed out, further requests for the same kind wait, and are then served together. */
export function createLeaseDesk(db: Db, limits: GatheringLimits): LeaseDesk {
  const queues = new Map<string, Waiting[]>()
  const work = async (key: string, filter: PartFilter, queue: Waiting[]) => {
    while (queue.length > 0) {
      const batch = queue.splice(0, mostAtOnce)
      const requests = batch.map(({ request }) => request)
      // None of those who are served together has its deadline decide for the others.
      const until = performance.now() + batchMs
      await withPatience(
        () => until - performance.now(),
        () => leaseParts(db, { requests, filter, limits }),
      ).then(
        (answers) => {
          for (const [n, { resolve }] of batch.entries()) resolve(answers[n]!)
        },
        (error) => {
          for (const { reject } of batch) reject(error)
        },
      )
    }
    queues.delete(key)
  }
  return {
    lease(request, filter) {
      const key = JSON.stringify(Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1)))
      return new Promise((resolve, reject) => {
        const waiting = queues.get(key)
        if (waiting) waiting.push({ request, resolve, reject })
        else {
          const queue = [{ request, resolve, reject }]
          queues.set(key, queue)
          void work(key, filter, queue)
        }
      })
    },
  }
}

interface Waiting {
  readonly request: LeaseRequest
  readonly resolve: (answer: Lease[] | NoLease) => void
  readonly reject: (error: unknown) => void
}
