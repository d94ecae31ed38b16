import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { readBackfills, restartBackfill, writeBackfillPage } from '../../catalog/backfill.ts'
import { findReadBefore } from '../../catalog/collection-sets.ts'
import { hasRoomForUnproved } from '../../catalog/unproved-repos.ts'
import { createBackoff } from '../../runtime/backoff.ts'
import { createLimiter, type Limiter } from '../../runtime/limiter.ts'
import type { Db } from '../../store/sql.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import type { ListedHost } from '../ingest-config.ts'
import type { IngestMetrics } from '../metrics.ts'
import { HostRefusedError, isHostTrouble, type PdsClient, type RepoPage } from '../state/pds-client.ts'
import type { RepoStates } from '../state/repo-states.ts'
import type { Wanted } from '../wanted.ts'
import { isOlder, stateIfBehind } from './behind.ts'
import { createHostTurns, type HostTurns } from './host-turns.ts'
import type { Resyncs } from './resync.ts'

/**
 * Finds repositories that existed before this index followed the sources, and, on a schedule, those with changes that were
 * missed. Each page of a listing is stored together with its repositories that must be read, so a listing that was stopped
 * continues from there.
 */
export type Backfill = AsyncDisposable & {
  /** Lists repositories from the beginning after a gap: those of this source, or of all hosts if it is not listed itself. */
  again(host: string): void
}

export interface BackfillParts {
  readonly db: Db
  /** Sends requests to the hosts that are listed. */
  readonly hosts: PdsClient
  /** Sends requests to the PDSes that DID documents name. */
  readonly pds: PdsClient
  readonly resolver: DidResolver
  readonly states: RepoStates
  readonly resyncs: Resyncs
  readonly wanted: Wanted
  readonly metrics: IngestMetrics
  readonly log: Logger
  readonly signal: AbortSignal
  readonly listed: readonly ListedHost[]
  readonly reconcileMs: number
}

const all = '*'
const maxResolvedAtOnce = 16
const asked = { maxConcurrent: 16, maxPerHost: 4, maxTroubles: 3 }

export function startBackfill(parts: BackfillParts): Backfill {
  const rings = new Map<string, () => void>()
  const runs = parts.listed.map((host) => keepListing(host, parts, (ring) => rings.set(host.host, ring)))
  return {
    again(host) {
      const own = rings.get(host)
      if (own) own()
      else for (const ring of rings.values()) ring()
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(runs)
    },
  }
}

/** Lists a host once completely, then again after each interval or gap. */
async function keepListing(
  host: ListedHost,
  parts: BackfillParts,
  onRing: (ring: () => void) => void,
): Promise<void> {
  const { signal, log } = parts
  const backoff = createBackoff(1_000, 300_000)
  while (!signal.aborted) {
    let again = false
    const idle = new AbortController()
    onRing(() => {
      again = true
      idle.abort()
    })
    try {
      const listed = await listHost(host, parts)
      if (listed > 0) log.info({ host: host.host, listed }, 'listed the repositories of a host')
      backoff.reset()
      const age = await ageOfListing(host, parts)
      const waitMs = Math.max(parts.reconcileMs - age, 0)
      if (!again)
        await wait(waitMs, undefined, { signal: AbortSignal.any([signal, idle.signal]) }).catch(() => {})
      if (!signal.aborted) await restartBackfill(parts.db, host.host)
    } catch (error) {
      if (signal.aborted) return
      log.warn(
        { host: host.host, reason: String(error) },
        'listing the repositories of a host failed and will be tried again',
      )
      await backoff.pause(signal)
    }
  }
}

async function ageOfListing({ host }: ListedHost, { db }: BackfillParts): Promise<number> {
  const ends = (await readBackfills(db))
    .filter((one) => one.host === host)
    .map(({ updatedAt }) => Date.parse(updatedAt))
  return ends.length === 0 ? 0 : Date.now() - Math.max(...ends)
}

/**
 * Lists repositories by collection if the host can, otherwise all of them. Resolves with how many were listed now.
 *
 * @throws Error when the host is a relay that cannot, whose stream is not followed: looking at every account of the network
 *   would cost more than the stream
 */
async function listHost(host: ListedHost, parts: BackfillParts): Promise<number> {
  const begun = (await readBackfills(parts.db)).filter((one) => one.host === host.host)
  let listed = 0
  if (!begun.some(({ collection }) => collection === all)) {
    try {
      for (const collection of parts.wanted.nsids) {
        listed += await listPages(
          { host, collection, begun: begun.find((one) => one.collection === collection) },
          parts,
        )
      }
      return listed
    } catch (error) {
      if (!(error instanceof HostRefusedError)) throw error
      if (!host.isFollowed && !(await parts.hosts.isPds(host.httpUrl)))
        throw new Error(
          `${host.host} cannot list repositories by collection (com.atproto.sync.listReposByCollection). Name another relay in HOLDFAST_BACKFILL.`,
          { cause: error },
        )
    }
  }
  return (
    listed +
    (await listPages({ host, collection: all, begun: begun.find((one) => one.collection === all) }, parts))
  )
}

interface Listing {
  host: ListedHost
  collection: string
  begun: { cursor: string | null; done: boolean } | undefined
}

async function listPages({ host, collection, begun }: Listing, parts: BackfillParts): Promise<number> {
  if (begun?.done) return 0
  let cursor = begun?.cursor ?? undefined
  let listed = 0
  while (!parts.signal.aborted) {
    await waitForRoom(host.host, parts)
    const page =
      collection === all
        ? await parts.hosts.listRepos(host.httpUrl, cursor)
        : await parts.hosts.listReposByCollection(host.httpUrl, collection, cursor)
    // A host that returns the same cursor again would make the listing endless.
    const done = page.cursor === undefined || page.cursor === cursor
    const toRead = await selectRepos(page, { collection }, parts)
    await writeBackfillPage(parts.db, {
      host: host.host,
      collection,
      cursor: page.cursor ?? null,
      listed: page.repos.length,
      done,
      toRead: toRead.map((did) => ({ did, host: host.host })),
    })
    for (const did of toRead) {
      const stored = await parts.states.get(did)
      parts.states.set(did, { rev: null, data: null, tries: 0, ...stored, state: 'desynchronized' })
    }
    if (toRead.length > 0) parts.resyncs.wake()
    parts.metrics.backfilled(host.host, page.repos.length)
    listed += page.repos.length
    cursor = page.cursor
    if (done) return listed
  }
  return listed
}

/** Waits until enough of the listed repositories have been read, since a host may list any number of accounts that do not exist. */
async function waitForRoom(host: string, { db, signal, log }: BackfillParts): Promise<void> {
  let isTold = false
  while (!signal.aborted && !(await hasRoomForUnproved(db, host))) {
    if (!isTold)
      log.warn({ host }, 'listing a source waits until more of the listed repositories have been read')
    isTold = true
    await wait(roomMs, undefined, { signal }).catch(() => {})
  }
}

const roomMs = 10_000

/** Selects the repositories of a page whose stored state is not up to date, or that were read before this collection was. */
async function selectRepos(
  page: RepoPage,
  { collection }: { collection: string },
  parts: BackfillParts,
): Promise<string[]> {
  const mayHoldNothing = collection === all
  const limit = createLimiter(maxResolvedAtOnce)
  const turns = createHostTurns({ ...asked, isTrouble: isHostTrouble })
  const readBefore = await findReadBefore(
    parts.db,
    page.repos.map(({ did }) => did),
    mayHoldNothing ? parts.wanted.nsids : [collection],
  )
  const chosen = await Promise.all(
    page.repos.map((repo) => choose(repo, { mayHoldNothing, readBefore, limit, turns }, parts)),
  )
  return [...new Set(chosen.filter((did) => did !== undefined))]
}

interface Choosing {
  readonly mayHoldNothing: boolean
  /** Repositories that may contain records of a collection that was not read yet when they were. */
  readonly readBefore: ReadonlySet<string>
  /** Limits how many identities are resolved at once. */
  readonly limit: Limiter
  readonly turns: HostTurns
}

async function choose(
  repo: RepoPage['repos'][number],
  choosing: Choosing,
  parts: BackfillParts,
): Promise<string | undefined> {
  if (!repo.active) return undefined
  if (choosing.readBefore.has(repo.did)) return repo.did
  const stored = await choosing.limit(() => parts.states.get(repo.did))
  const isWanted = stored
    ? await isBehind(repo, choosing, parts)
    : !choosing.mayHoldNothing || (await holdsOurs(repo.did, choosing, parts))
  return isWanted ? repo.did : undefined
}

/** Whether a followed repository has changes that this index missed. */
async function isBehind(
  { did, rev: listedRev }: RepoPage['repos'][number],
  { limit, turns }: Choosing,
  parts: BackfillParts,
): Promise<boolean> {
  if (listedRev !== undefined && !isOlder(await parts.states.get(did), listedRev)) return false
  try {
    const identity = await identityOf(did, { limit }, parts)
    if (!identity) return false
    const inTurn = <T>(task: () => Promise<T>) => turns.ask(identity.pdsHost, task)
    const rev = listedRev ?? (await inTurn(() => parts.pds.getRepoStatus(identity.pdsUrl, did))).rev
    return rev !== undefined && (await stateIfBehind(identity, rev, inTurn, parts)) !== undefined
  } catch {
    return false
  }
}

async function identityOf(
  did: string,
  { limit }: Pick<Choosing, 'limit'>,
  { resolver }: BackfillParts,
): Promise<RepoIdentity | undefined> {
  const resolution = await limit(() => resolver.resolve(did))
  return resolution.status === 'found' ? resolution.identity : undefined
}

/** Whether an unknown repository has records of our collections; true when that cannot be found out, so that it is read. */
async function holdsOurs(did: string, { limit, turns }: Choosing, parts: BackfillParts): Promise<boolean> {
  const { pds, wanted } = parts
  try {
    const identity = await identityOf(did, { limit }, parts)
    if (!identity) return false
    const { pdsUrl, pdsHost } = identity
    const found = await turns.ask(pdsHost, () => pds.collectionsOf(pdsUrl, did, wanted.nsids))
    return found.length > 0
  } catch (error) {
    return !(error instanceof HostRefusedError)
  }
}
