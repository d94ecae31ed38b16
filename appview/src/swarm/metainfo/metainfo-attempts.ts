/**
 * One attempt to fetch a torrent's metainfo, check it in a thread and write it. Metainfo that crashes a thread, the store or
 * this process is tried a few times with back-off, separately from all other, and then refused; otherwise it could crash the
 * process at every start. So each torrent is claimed before it is checked, and claims count until an outcome is written.
 */
import {
  claimTorrents,
  type MetainfoOutcome,
  type PendingTorrent,
  releaseTorrents,
} from '../../catalog/swarms/metainfo-queue.ts'
import { BlobMismatchError } from '../../outbound/guarded-fetch-blob.ts'
import { HostBusyError, HttpStatusError, TooLargeError } from '../../outbound/guarded-fetch-errors.ts'
import { ThreadLostError } from '../../threads/thread-pool.ts'
import { createContentQuota } from './content-quota.ts'
import { gather } from './gather.ts'
import {
  DeclaredTooLargeError,
  type MetainfoSources,
  NotAdmittedError,
  readMetainfo,
} from './metainfo-blobs.ts'
import type { TorrentClaims } from './metainfo-check.ts'
import { createMetainfoChecker } from './metainfo-checker.ts'
import type { MetainfoLimits, MetainfoWorkerParts } from './metainfo-limits.ts'
import { createMetainfoWriter, type Settled } from './metainfo-writer.ts'

export interface MetainfoAttempts {
  /** Resolves when the outcome is written, or when the worker is stopped. */
  attempt(torrent: PendingTorrent): Promise<void>
  /** Ends the threads. */
  stop(): Promise<void>
  /** Releases the claims of attempts that were stopped. */
  release(): Promise<void>
}

/** How many checks or writes without an outcome a torrent may have before it is refused. */
const mostUnfinished = 3

export function createAttempts(
  parts: MetainfoWorkerParts,
  limits: MetainfoLimits,
  signal: AbortSignal,
): MetainfoAttempts {
  const { catalog, log, onOutcome } = parts
  const checker = createMetainfoChecker(limits.checker)
  const quota = createContentQuota(catalog.db, limits.quota)
  const writer = createMetainfoWriter(catalog, {
    allowPrivateHosts: limits.allowPrivateHosts,
    signal,
    log,
    onWritten: (outcome) => onOutcome?.(outcome.status, 'reason' in outcome ? outcome.reason : undefined),
  })
  const claim = gather<number>((ids) => claimTorrents(catalog.db, ids, limits.firstRetryMs * 5))
  const claimed = new Set<number>()
  const inTurn = createTurns()

  async function attempt(torrent: PendingTorrent): Promise<void> {
    if (torrent.unfinished >= mostUnfinished) return settle(torrent, refused(torrent))
    const fetched = await fetchMetainfo(parts, torrent, { limits, signal })
    if (!fetched) return
    if ('status' in fetched) return settle(torrent, fetched)
    // Torrents whose earlier attempt had no outcome are processed one at a time, so that it is known which one ends the process.
    const work = () => processFetched(torrent, fetched)
    await (torrent.unfinished > 0 ? inTurn(work) : work())
  }

  async function processFetched(torrent: PendingTorrent, fetched: Fetched): Promise<void> {
    if (signal.aborted) return
    await claim(torrent.id)
    claimed.add(torrent.id)
    try {
      const settled = await check(torrent, fetched)
      await writer.write({ ...settled, isAlone: torrent.unfinished > 0 })
    } catch (err) {
      if (signal.aborted) return
      log.warn({ err, uri: torrent.uri }, 'metainfo could not be checked or written')
      await settle(torrent, stumbled(torrent, err, limits.firstRetryMs))
    }
    claimed.delete(torrent.id)
  }

  async function check(torrent: PendingTorrent, { record, cid, bytes }: Fetched): Promise<Settled> {
    const about = { id: torrent.id, cid: torrent.cid }
    const { indexedFiles, maxFiles, allowPrivateHosts } = limits
    const bounds = { indexedFiles, maxFiles, allowPrivateHosts }
    const checked = await checker.check({ bytes, claims: claimsOf(record), limits: bounds }, torrent.did)
    const { verdict } = checked
    if (!verdict.ok) {
      const status = verdict.reason === 'metainfo-too-large' ? 'unavailable' : 'mismatch'
      return { outcome: { ...about, status, reason: verdict.reason, detail: verdict.detail } }
    }
    const { facts, warnings, named } = verdict
    const usage = { files: facts.files.length, bytes: checked.bytes.length }
    const refusal = await quota.admit(torrent, usage)
    if (refusal) return { outcome: { ...about, status: 'unavailable', ...refusal } }
    const metainfo = { cid, bytes: checked.bytes }
    return { outcome: { ...about, status: 'verified', facts, metainfo, warnings }, named }
  }

  async function settle(torrent: PendingTorrent, outcome: MetainfoOutcome): Promise<void> {
    try {
      await writer.write({ outcome, isAlone: torrent.unfinished > 0 })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  return {
    attempt,
    async stop() {
      await checker[Symbol.asyncDispose]()
    },
    async release() {
      try {
        await releaseTorrents(catalog.db, [...claimed])
      } catch (err) {
        log.warn({ err, torrents: claimed.size }, 'claimed torrents could not be released')
      }
    },
  }
}

/** Makes a function that runs tasks one at a time, in order. */
function createTurns(): (work: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return turn
  }
}

interface Fetched {
  record: MetainfoSources & TorrentClaims
  cid: string
  bytes: Uint8Array
}

/** Fetches the bytes that the record names, or returns the outcome to write. Undefined when the worker is being stopped. */
async function fetchMetainfo(
  { fetch, pdsOf }: MetainfoWorkerParts,
  torrent: PendingTorrent,
  { limits, signal }: { limits: MetainfoLimits; signal: AbortSignal },
): Promise<Fetched | MetainfoOutcome | undefined> {
  const record = torrent.value as unknown as MetainfoSources & TorrentClaims
  const { did } = torrent
  const { maxBytes, timeoutMs } = limits
  try {
    const pds = await pdsOf(did)
    const asked = { did, pds, admitted: torrent.admitted, maxBytes, timeoutMs, signal }
    return { record, ...(await readMetainfo(fetch, record, asked)) }
  } catch (error) {
    if (signal.aborted) return undefined
    return failed(torrent, error, limits)
  }
}

function claimsOf({
  infoHashV1,
  infoHashV2,
  name,
  sizeBytes,
  webseeds,
  trackers,
}: TorrentClaims): TorrentClaims {
  return { infoHashV1, infoHashV2, name, sizeBytes, webseeds, trackers }
}

const notAdmittedMs = 7 * 24 * 3_600_000

/** Wrong bytes may be a temporary fault of a host; after this many times they are final. */
const mismatchTries = 3

function failed(torrent: PendingTorrent, error: unknown, limits: MetainfoLimits): MetainfoOutcome {
  const { id, cid, tries } = torrent
  const detail = error instanceof Error ? error.message : String(error)
  if (error instanceof TooLargeError || error instanceof DeclaredTooLargeError) {
    return { id, cid, status: 'unavailable', reason: 'metainfo-too-large', detail }
  }
  if (error instanceof BlobMismatchError && tries + 1 >= mismatchTries) {
    return { id, cid, status: 'mismatch', reason: 'metainfo-cid-mismatch', detail }
  }
  if (error instanceof NotAdmittedError) {
    // If the record is let in before then, it becomes due at once.
    return { id, cid, status: 'retry', error: detail, nextTryAt: new Date(Date.now() + notAdmittedMs) }
  }
  if (Date.now() - Date.parse(torrent.pendingSince) > limits.giveUpAfterMs) {
    return { id, cid, status: 'unavailable', reason: 'metainfo-unavailable', detail }
  }
  const nextTryAt = new Date(Date.now() + backOffMs(tries, error, limits.firstRetryMs))
  return { id, cid, status: 'retry', error: detail, nextTryAt }
}

/** The outcome of a check or a write that failed. The store's error is logged, but not shown to the author. */
function stumbled(torrent: PendingTorrent, error: unknown, firstRetryMs: number): MetainfoOutcome {
  const { id, cid, unfinished } = torrent
  const detail =
    error instanceof ThreadLostError
      ? `the .torrent could not be checked: ${error.message}`
      : 'the .torrent could not be stored'
  if (unfinished + 1 >= mostUnfinished) return refused(torrent, detail)
  const nextTryAt = new Date(Date.now() + backOffMs(unfinished + 1, error, firstRetryMs * 5))
  return { id, cid, status: 'retry', error: detail, nextTryAt, stumbled: true }
}

function refused({ id, cid }: PendingTorrent, detail = 'checking or storing it never came to an end') {
  return { id, cid, status: 'unavailable', reason: 'metainfo-unprocessable', detail } as const
}

/** A wait that doubles with each try, varied by a quarter so that many do not return at once; never less than the host asks for. */
function backOffMs(tries: number, error: unknown, firstMs: number): number {
  const isAsked = error instanceof HttpStatusError || error instanceof HostBusyError
  const asked = isAsked ? (error.retryAfterMs ?? 0) : 0
  const wait = Math.min(firstMs * 2 ** Math.min(tries, 20), 6 * 3_600_000)
  return Math.max(asked, wait * (0.75 + Math.random() / 2))
}
