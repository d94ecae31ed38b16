/** Verifies webseeds by hashing randomly chosen pieces (BEP 17, BEP 19). */
import { checkWebseedSample, type WebseedFetch } from '@holdfast/torrent/webseed'
import { readMetainfoOf } from '../../catalog/read/metainfo.ts'
import type { DueProbe, ProbeDetail, ProbeResult } from '../../catalog/swarms/probes.ts'
import type { FetchedStream, GuardedFetch } from '../../outbound/guarded-fetch.ts'
import { HostBusyError, HttpStatusError, PrivateAddressError } from '../../outbound/guarded-fetch-errors.ts'
import type { Catalog } from '../../store/open.ts'
import type { WebseedSampler } from './webseed-sampler.ts'

export interface WebseedProbeParts {
  catalog: Catalog
  /** A guarded fetch with a byte budget for each host. */
  fetch: GuardedFetch
  sampler: WebseedSampler
  signal: AbortSignal
}

export type Verdict = Omit<ProbeResult, 'subject' | 'url'> & {
  /** How long the host asks to wait before the next request (`Crawl-delay`). */
  restMs?: number
}

/** The result when the host could not be asked now. */
export type NotNow = Pick<ProbeResult, 'nextAt'>

const hourMs = 3_600_000
const timeoutMs = 120_000
const patienceMs = 60_000
const pieceTimeoutMs = 15 * 60_000

/** Checks a few pieces of one webseed. */
export async function probeWebseed(due: DueProbe, parts: WebseedProbeParts): Promise<Verdict | NotNow> {
  const bytes = await readMetainfoOf(parts.catalog.db, due.subject)
  if (!bytes) return verdict(due, 'skipped', { message: 'the metainfo is no longer here' })
  const sampling = await parts.sampler.sample(bytes)
  if ('skipped' in sampling) return verdict(due, 'skipped', { message: sampling.skipped })
  const way = createWay(parts, due.account ?? undefined)
  const kind = due.detail.kind === 'bep17' ? 'bep17' : 'bep19'
  const report = await checkWebseedSample(sampling.sample, { url: due.url, kind }, way.get, {
    timeoutMs: pieceTimeoutMs,
    concurrency: 1,
    signal: parts.signal,
  })
  const { failure, cors } = way
  const detail: ProbeDetail = {
    https: way.https && due.url.startsWith('https:'),
    ...(cors !== undefined && { cors }),
    ...(failure instanceof HttpStatusError && { httpStatus: failure.status }),
    ...(!report.ok && { message: report.badPieces[0]?.problem?.slice(0, 500) ?? 'it serves no bytes' }),
  }
  if (report.ok) return verdict(due, 'verified', detail)
  if (failure instanceof PrivateAddressError)
    return {
      ...verdict(due, 'skipped', { message: failure.message }),
      warning: 'private-webseed-dropped',
    }
  if (failure instanceof HostBusyError) return { nextAt: notNow(60_000, failure.retryAfterMs) }
  return verdict(due, failure ? 'unreachable' : 'mismatch', detail)
}

/** Adapts the guarded fetch to the piece checker, and notes other facts about the answers. */
function createWay({ fetch }: WebseedProbeParts, account: string | undefined) {
  const way = {
    failure: undefined as unknown,
    https: true,
    cors: undefined as boolean | undefined,
    get: (async (url, { headers, signal }) => {
      try {
        const stream = await fetch.openStream(url, {
          headers: { ...headers, origin: 'https://holdfast.invalid' },
          // The checker closes the connection after the bytes that it asked for.
          maxBytes: Number.MAX_SAFE_INTEGER,
          timeoutMs,
          patienceMs,
          ...(account !== undefined && { account }),
          signal,
        })
        const isOpen = stream.headers.get('access-control-allow-origin') === '*'
        way.cors = (way.cors ?? true) && isOpen
        way.https &&= stream.url.protocol === 'https:'
        return new Response(bodyOf(stream), {
          status: stream.status,
          headers: stream.headers,
        })
      } catch (error) {
        way.failure = error
        throw error
      }
    }) satisfies WebseedFetch,
  }
  return way
}

/** Streams the body. The connection is closed at its end, on failure and on cancellation. */
function bodyOf(stream: FetchedStream): ReadableStream<Uint8Array> {
  const chunks = stream.body[Symbol.asyncIterator]()
  const hangUp = () => stream[Symbol.asyncDispose]()
  return new ReadableStream({
    async pull(controller) {
      try {
        const next = await chunks.next()
        if (!next.done) return controller.enqueue(next.value)
        await hangUp()
        controller.close()
      } catch (error) {
        await hangUp()
        throw error
      }
    },
    cancel: hangUp,
  })
}

/** The next time for a host that cannot be asked now, varied so that not all its addresses are due at once. */
export function notNow(leastMs: number, askedMs = 0): Date {
  return new Date(Date.now() + Math.max(leastMs, askedMs) * (1 + Math.random()))
}

/** Makes the result, with the next check: a webseed that stays good is checked less and less often, up to weekly; a bad one less often with each failure. */
function verdict(due: DueProbe, status: string, detail: ProbeDetail): Verdict {
  const failed = status === 'unreachable' || status === 'mismatch'
  const stableMs = due.status === status ? Date.now() - Date.parse(due.changedAt) : 0
  const waitMs = failed
    ? Math.min(hourMs * 2 ** Math.min(due.failures, 10), 72 * hourMs)
    : Math.min(Math.max(stableMs, 24 * hourMs), 7 * 24 * hourMs)
  return { status, detail, failed, nextAt: later(waitMs) }
}

function later(ms: number): Date {
  return new Date(Date.now() + ms)
}
