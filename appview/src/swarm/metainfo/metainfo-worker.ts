/**
 * Fetches and verifies the metainfo of pending torrents, until it is verified, refused, or seven days have passed.
 * Woken by the catalogue the moment a torrent row commits; a failure that may pass is tried again with back-off.
 */
import type { Logger } from 'pino'
import type { Catalog } from '../../catalog/open.ts'
import { createWakeUp } from '../../catalog/store/wake-up.ts'
import {
  type MetainfoOutcome,
  type PendingTorrent,
  pendingChannel,
  readDueTorrents,
  readNextTorrentDue,
} from '../../catalog/swarms/metainfo-queue.ts'
import type { GuardedFetch } from '../../guarded-fetch.ts'
import { BlobMismatchError } from '../../guarded-fetch-blob.ts'
import { HttpStatusError, TooLargeError } from '../../guarded-fetch-errors.ts'
import {
  type ContentLimits,
  type ContentQuota,
  createContentQuota,
  defaultContentLimits,
} from './content-quota.ts'
import { DeclaredTooLargeError, type MetainfoSources, readMetainfo } from './metainfo-blobs.ts'
import type { CheckLimits, TorrentClaims } from './metainfo-check.ts'
import { createMetainfoChecker } from './metainfo-checker.ts'
import { busiest, type InFlight, isBusy } from './metainfo-shares.ts'
import { createMetainfoWriter, type Settled } from './metainfo-writer.ts'

export interface MetainfoWorkerParts {
  catalog: Catalog
  fetch: GuardedFetch
  /** The origin of an account's PDS, from its DID document. Rejects when it cannot be told now. */
  pdsOf: (did: string) => Promise<string>
  log: Logger
  limits?: Partial<MetainfoLimits>
  /** Told of each outcome, for metrics. */
  onOutcome?: (status: MetainfoOutcome['status'], reason?: string) => void
}

export interface MetainfoLimits extends CheckLimits {
  maxBytes: number
  timeoutMs: number
  concurrency: number
  /** Of these, at most so many for one account, and for the accounts of one PDS. */
  perAccount: number
  perHost: number
  /** The first wait after a failure; it doubles from there, up to six hours. */
  firstRetryMs: number
  /** How long a metainfo that cannot be fetched is tried for. */
  giveUpAfterMs: number
  quota: ContentLimits
}

const defaultLimits: MetainfoLimits = {
  maxBytes: 100_000_000,
  timeoutMs: 120_000,
  concurrency: 24,
  perAccount: 4,
  perHost: 8,
  firstRetryMs: 2_000,
  giveUpAfterMs: 7 * 24 * 3_600_000,
  indexedFiles: 10_000,
  maxFiles: 4_000_000,
  allowPrivateHosts: false,
  quota: defaultContentLimits,
}

/** Starts the worker; disposing of it stops fetching at once and loses nothing. */
export async function startMetainfoWorker(parts: MetainfoWorkerParts): Promise<AsyncDisposable> {
  const limits = { ...defaultLimits, ...parts.limits }
  const stop = new AbortController()
  const inFlight = new Map<number, InFlight>()
  const writer = createMetainfoWriter(parts.catalog, {
    allowPrivateHosts: limits.allowPrivateHosts,
    onWritten: (outcome) =>
      parts.onOutcome?.(outcome.status, 'reason' in outcome ? outcome.reason : undefined),
  })
  const check = createMetainfoChecker({ signal: stop.signal })
  const quota = createContentQuota(parts.catalog.db, limits.quota)
  const wake = createWakeUp(stop.signal)
  const listener = await parts.catalog.listen(pendingChannel, () => wake.now())

  async function run(torrent: PendingTorrent): Promise<void> {
    const settled = await settle(parts, torrent, { limits, signal: stop.signal, check, quota })
    if (settled) await writer.write(settled)
  }

  function start(torrent: PendingTorrent): void {
    const job = run(torrent)
      .catch((err) =>
        parts.log.error({ err, uri: torrent.uri }, 'metainfo outcome not written, will be tried again'),
      )
      .finally(() => {
        inFlight.delete(torrent.id)
        wake.now()
      })
    inFlight.set(torrent.id, { did: torrent.did, pdsHost: torrent.pdsHost, job })
  }

  async function fill(): Promise<void> {
    for (;;) {
      const limit = limits.concurrency - inFlight.size
      const { dids, hosts } = busiest([...inFlight.values()], limits)
      const except = { except: [...inFlight.keys()], exceptDids: dids, exceptHosts: hosts }
      const due = limit > 0 ? await readDueTorrents(parts.catalog.db, { limit, ...except }) : []
      for (const torrent of due) if (!isBusy(torrent, [...inFlight.values()], limits)) start(torrent)
      if (due.length === 0) return
    }
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      await fill().catch((err) => parts.log.error({ err }, 'pending metainfo not read, will be tried again'))
      await wake.wait(await msUntilDue(parts.catalog))
    }
  })()

  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      wake.now()
      await Promise.allSettled([loop, ...[...inFlight.values()].map(({ job }) => job)])
      await listener[Symbol.asyncDispose]()
    },
  }
}

/** One attempt at one torrent. Undefined when the worker is being stopped. */
async function settle(
  parts: MetainfoWorkerParts,
  torrent: PendingTorrent,
  context: {
    limits: MetainfoLimits
    signal: AbortSignal
    check: ReturnType<typeof createMetainfoChecker>
    quota: ContentQuota
  },
): Promise<Settled | undefined> {
  const { limits, signal } = context
  const { indexedFiles, maxFiles, allowPrivateHosts } = limits
  const bounds: CheckLimits = { indexedFiles, maxFiles, allowPrivateHosts }
  const record = torrent.value as unknown as MetainfoSources & TorrentClaims
  const { id, cid } = torrent
  try {
    const pds = await parts.pdsOf(torrent.did)
    const { maxBytes, timeoutMs } = limits
    const metainfo = await readMetainfo(parts.fetch, record, {
      did: torrent.did,
      pds,
      maxBytes,
      timeoutMs,
      signal,
    })
    const verdict = await context.check({ bytes: metainfo.bytes, claims: claimsOf(record), limits: bounds })
    if (verdict.ok) {
      const { facts, warnings, named } = verdict
      const refusal = await context.quota.admit(torrent, {
        files: facts.files.length,
        bytes: metainfo.bytes.length,
      })
      if (refusal) return { outcome: { id, cid, status: 'unavailable', ...refusal } }
      return { outcome: { id, cid, status: 'verified', facts, metainfo, warnings }, named }
    }
    return { outcome: { id, cid, status: 'mismatch', reason: verdict.reason, detail: verdict.detail } }
  } catch (error) {
    if (signal.aborted) return undefined
    return { outcome: failed(torrent, error, limits) }
  }
}

function claimsOf({
  infoHashV1,
  infoHashV2,
  name,
  sizeBytes,
  webSeeds,
  trackers,
}: TorrentClaims): TorrentClaims {
  return { infoHashV1, infoHashV2, name, sizeBytes, webSeeds, trackers }
}

/** Wrong bytes may be a passing fault of a host; this often they are its answer. */
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
  if (Date.now() - Date.parse(torrent.pendingSince) > limits.giveUpAfterMs) {
    return { id, cid, status: 'unavailable', reason: 'metainfo-unavailable', detail }
  }
  return {
    id,
    cid,
    status: 'retry',
    error: detail,
    nextTryAt: new Date(Date.now() + backOffMs(tries, error, limits.firstRetryMs)),
  }
}

/** Doubling, a quarter either way so that many do not come back at once; never sooner than the host asks for. */
function backOffMs(tries: number, error: unknown, firstMs: number): number {
  const asked = error instanceof HttpStatusError ? (error.retryAfterMs ?? 0) : 0
  const wait = Math.min(firstMs * 2 ** Math.min(tries, 20), 6 * 3_600_000)
  return Math.max(asked, wait * (0.75 + Math.random() / 2))
}

/** Until the next is due, or to look again when the store cannot say. */
async function msUntilDue(catalog: Catalog): Promise<number> {
  try {
    const due = await readNextTorrentDue(catalog.db)
    return due === undefined ? 60_000 : Math.min(Math.max(Date.parse(due) - Date.now(), 250), 60_000)
  } catch {
    return 1_000
  }
}
