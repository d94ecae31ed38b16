import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Db } from '../../catalog/sql.ts'
import { readBackfills, restartBackfill, writeBackfillPage } from '../../catalog/writes/backfill-progress.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import { createLimiter } from '../limiter.ts'
import type { IngestMetrics } from '../metrics.ts'
import type { RepoStates } from '../pipeline/repo-states.ts'
import { createBackoff } from '../source/backoff.ts'
import type { Wanted } from '../wanted.ts'
import { HostSaysNo, type PdsClient, type RepoPage } from './pds-client.ts'
import type { Resyncs } from './resync.ts'

/**
 * Finds the repositories that were there before we listened, and on a schedule those that moved on without our
 * noticing. Each page is noted together with the repositories on it that must be read, so a listing goes on where
 * it stopped.
 */
export type Backfill = AsyncDisposable & {
  /** Lists a source's repositories anew, as after a gap. */
  again(host: string): void
}

export type BackfillParts = {
  readonly db: Db
  /** Asks the sources themselves. */
  readonly hosts: PdsClient
  /** Asks the PDSes that DID documents name. */
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

const ALL = '*'
const MAX_ASKED_AT_ONCE = 16

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

type Host = { readonly host: string; readonly httpUrl: string }

/** Lists once to the end, then again after each interval or gap. */
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
      if (listed > 0) log.info({ host: host.host, listed }, 'the repositories of a source are listed')
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
        'listing the repositories of a source is tried again',
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

/** Lists by collection where the host can, else all its repositories; returns how many were listed now. */
async function listHost(host: Host, parts: BackfillParts): Promise<number> {
  const begun = (await readBackfills(parts.db)).filter((one) => one.host === host.host)
  let listed = 0
  if (!begun.some(({ collection }) => collection === ALL)) {
    try {
      for (const collection of parts.wanted.nsids) {
        listed += await listPages(
          { host, collection, begun: begun.find((one) => one.collection === collection) },
          parts,
        )
      }
      return listed
    } catch (error) {
      if (!(error instanceof HostSaysNo)) throw error
    }
  }
  return (
    listed +
    (await listPages({ host, collection: ALL, begun: begun.find((one) => one.collection === ALL) }, parts))
  )
}

type Listing = {
  host: Host
  collection: string
  begun: { cursor: string | null; done: boolean } | undefined
}

async function listPages({ host, collection, begun }: Listing, parts: BackfillParts): Promise<number> {
  if (begun?.done) return 0
  let cursor = begun?.cursor ?? undefined
  let listed = 0
  while (!parts.signal.aborted) {
    const page =
      collection === ALL
        ? await parts.hosts.listRepos(host.httpUrl, cursor)
        : await parts.hosts.listReposByCollection(host.httpUrl, collection, cursor)
    // A host that hands out the same cursor again would have us list for ever.
    const done = page.cursor === undefined || page.cursor === cursor
    const toRead = await selectRepos(page, collection === ALL, parts)
    await writeBackfillPage(parts.db, {
      host: host.host,
      collection,
      cursor: page.cursor ?? null,
      listed: page.repos.length,
      done,
      toRead: toRead.map((did) => ({ did })),
    })
    for (const did of toRead) {
      const held = await parts.states.get(did)
      parts.states.set(did, { rev: null, data: null, tries: 0, ...held, state: 'desynchronized' })
    }
    if (toRead.length > 0) parts.resyncs.wake()
    parts.metrics.backfilled(host.host, page.repos.length)
    listed += page.repos.length
    cursor = page.cursor
    if (done) return listed
  }
  return listed
}

/** Of a page, the repositories that we do not hold as they are. */
async function selectRepos(page: RepoPage, mayHoldNothing: boolean, parts: BackfillParts): Promise<string[]> {
  const limit = createLimiter(MAX_ASKED_AT_ONCE)
  const chosen = await Promise.all(
    page.repos.map((repo) =>
      limit(async () => {
        if (!repo.active) return undefined
        const held = await parts.states.get(repo.did)
        if (held) return (await isBehind(repo, held, parts)) ? repo.did : undefined
        return !mayHoldNothing || (await holdsOurs(repo.did, parts)) ? repo.did : undefined
      }),
    ),
  )
  return [...new Set(chosen.filter((did) => did !== undefined))]
}

/** Whether the host has a newer revision than we; one on its way to us by the stream is waited for a little. */
async function isBehind(
  repo: RepoPage['repos'][number],
  held: { state: string; rev: string | null },
  parts: BackfillParts,
): Promise<boolean> {
  if (held.state !== 'synchronized') return false
  const rev = repo.rev ?? (await revAtPds(repo.did, parts))
  if (rev === undefined || (held.rev !== null && rev <= held.rev)) return false
  await wait(GRACE_MS, undefined, { signal: parts.signal }).catch(() => {})
  const now = await parts.states.get(repo.did)
  return now?.state === 'synchronized' && (now.rev === null || rev > now.rev)
}

const GRACE_MS = 2_000

async function revAtPds(did: string, { resolver, pds }: BackfillParts): Promise<string | undefined> {
  try {
    const resolution = await resolver.resolve(did)
    if (resolution.status !== 'found') return undefined
    return (await pds.getRepoStatus(resolution.identity.pdsUrl, did)).rev
  } catch {
    return undefined
  }
}

/** Whether an unknown repository holds records of ours; where that cannot be had, it is read to be sure. */
async function holdsOurs(did: string, { resolver, pds, wanted }: BackfillParts): Promise<boolean> {
  try {
    const resolution = await resolver.resolve(did)
    if (resolution.status !== 'found') return false
    return await pds.holdsAny(resolution.identity.pdsUrl, did, wanted.nsids)
  } catch (error) {
    return !(error instanceof HostSaysNo)
  }
}
