import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { readBackfills, restartBackfill, writeBackfillPage } from '../../catalog/backfill.ts'
import { findReadBefore } from '../../catalog/collection-sets.ts'
import { hasRoomForUnproved } from '../../catalog/unproved-repos.ts'
import { createBackoff } from '../../runtime/backoff.ts'
import { createLimiter, type Limiter } from '../../runtime/limiter.ts'
import type { Db } from '../../store/sql.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import type { IngestMetrics } from '../metrics.ts'
import { HostRefusedError, isHostTrouble, type PdsClient, type RepoPage } from '../state/pds-client.ts'
import type { RepoStates } from '../state/repo-states.ts'
import type { Wanted } from '../wanted.ts'
import { createHostTurns, type HostTurns } from './host-turns.ts'
import type { Resyncs } from './resync.ts'

/**
 * Finds repositories that existed before this index followed the sources, and, on a schedule, those with changes that were
 * missed. Each page of a listing is stored together with its repositories that must be read, so a listing that was stopped
 * continues from there.
 */
export type Backfill = AsyncDisposable & {
  /** Lists a source's repositories from the beginning, as after a gap. */
  again(host: string): void
}

export interface BackfillParts {
  readonly db: Db
  /** Sends requests to the sources. */
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
  readonly sources: readonly { readonly kind: 'firehose' | 'jetstream'; readonly url: string }[]
  readonly reconcileMs: number
}

const all = '*'
const maxResolvedAtOnce = 16
const asked = { maxConcurrent: 16, maxPerHost: 4, maxTroubles: 3 }

export function startBackfill(parts: BackfillParts): Backfill {
  const rings = new Map<string, () => void>()
  const runs = parts.sources
    .filter(({ kind }) => kind === 'firehose')
    .map(({ url }) => {
      const { host } = new URL(url)
      return keepListing({ host, httpUrl: url.replace(/^ws/, 'http') }, parts, (ring) =>
        rings.set(host, ring),
      )
    })
  return {
    again: (host) => rings.get(host)?.(),
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(runs)
    },
  }
}

interface Host {
  readonly host: string
  readonly httpUrl: string
}

/** Lists a host once completely, then again after each interval or gap. */
async function keepListing(
  host: Host,
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
      if (listed > 0) log.info({ host: host.host, listed }, 'listed the repositories of a source')
      backoff.reset()
      const age = await ageOfListing(host, parts)
      const waitMs = Math.max(parts.reconcileMs - age, 0)
      if (!again)
        await wait(waitMs, undefined, { signal: AbortSignal.any([signal, idle.signal]) }).catch(() => {})
      if (!signal.aborted) await restartBackfill(parts.db, host.host)
    } catch (error) {
      if (signal.aborted) return
      log.info(
        { host: host.host, reason: String(error) },
        'listing the repositories of a source failed and will be tried again',
      )
      await backoff.pause(signal)
    }
  }
}

async function ageOfListing({ host }: Host, { db }: BackfillParts): Promise<number> {
  const ends = (await readBackfills(db))
    .filter((one) => one.host === host)
    .map(({ updatedAt }) => Date.parse(updatedAt))
  return ends.length === 0 ? 0 : Date.now() - Math.max(...ends)
}

/** Lists repositories by collection if the host can, otherwise all of them. Resolves with how many were listed now. */
async function listHost(host: Host, parts: BackfillParts): Promise<number> {
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
    }
  }
  return (
    listed +
    (await listPages({ host, collection: all, begun: begun.find((one) => one.collection === all) }, parts))
  )
}

interface Listing {
  host: Host
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
    ? await isBehind(repo, { stored, ...choosing }, parts)
    : !choosing.mayHoldNothing || (await holdsOurs(repo.did, choosing, parts))
  return isWanted ? repo.did : undefined
}

/** Whether the host has a newer revision than this index. Waits a little, in case it is still coming by the stream. */
async function isBehind(
  repo: RepoPage['repos'][number],
  { stored, ...choosing }: Choosing & { stored: { state: string; rev: string | null } },
  parts: BackfillParts,
): Promise<boolean> {
  if (stored.state !== 'synchronized') return false
  const rev = repo.rev ?? (await revAtPds(repo.did, choosing, parts))
  if (rev === undefined || (stored.rev !== null && rev <= stored.rev)) return false
  await wait(graceMs, undefined, { signal: parts.signal }).catch(() => {})
  const now = await parts.states.get(repo.did)
  return now?.state === 'synchronized' && (now.rev === null || rev > now.rev)
}

const graceMs = 2_000

async function revAtPds(
  did: string,
  { limit, turns }: Choosing,
  { resolver, pds }: BackfillParts,
): Promise<string | undefined> {
  try {
    const resolution = await limit(() => resolver.resolve(did))
    if (resolution.status !== 'found') return undefined
    const { pdsUrl, pdsHost } = resolution.identity
    return (await turns.ask(pdsHost, () => pds.getRepoStatus(pdsUrl, did))).rev
  } catch {
    return undefined
  }
}

/** Whether an unknown repository has records of our collections; true when that cannot be found out, so that it is read. */
async function holdsOurs(
  did: string,
  { limit, turns }: Choosing,
  { resolver, pds, wanted }: BackfillParts,
): Promise<boolean> {
  try {
    const resolution = await limit(() => resolver.resolve(did))
    if (resolution.status !== 'found') return false
    const { pdsUrl, pdsHost } = resolution.identity
    return await turns.ask(pdsHost, () => pds.holdsAny(pdsUrl, did, wanted.nsids))
  } catch (error) {
    return !(error instanceof HostRefusedError)
  }
}
