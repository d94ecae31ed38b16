/** Webseeds are believed when pieces drawn at random hash to what the metainfo says (BEP 17, BEP 19). */
import { type Metainfo, MetainfoError, parseMetainfo } from '@holdfast/torrent/metainfo'
import { checkWebSeed, type WebSeedFetch } from '@holdfast/torrent/webseed'
import type { Catalog } from '../../catalog/open.ts'
import { readMetainfoOf } from '../../catalog/swarms/swarm-metainfo.ts'
import type { DueProbe, ProbeDetail, ProbeResult } from '../../catalog/swarms/swarm-probes.ts'
import type { FetchedStream, GuardedFetch } from '../../guarded-fetch.ts'
import { HostBusyError, HttpStatusError, PrivateAddressError } from '../../guarded-fetch-errors.ts'

export interface WebseedProbeParts {
  catalog: Catalog
  /** With a budget of bytes for each host. */
  fetch: GuardedFetch
  signal: AbortSignal
}

export type Verdict = Omit<ProbeResult, 'subject' | 'url'> & {
  /** How long the host asked to be left alone (`Crawl-delay`). */
  restMs?: number
}

/** The host could not be asked now: nothing was learnt. */
export type NotNow = Pick<ProbeResult, 'nextAt'>

/** Bytes read of one webseed in one check, one piece at least. */
const sampleBytes = 32 * 2 ** 20
const maxPieces = 4
/** A piece larger than this is not read for a sample. */
const maxPieceBytes = 128 * 2 ** 20
const hourMs = 3_600_000
const timeoutMs = 120_000

/** Checks one webseed by a few pieces. */
export async function probeWebseed(due: DueProbe, parts: WebseedProbeParts): Promise<Verdict | NotNow> {
  const bytes = await readMetainfoOf(parts.catalog.db, due.subject)
  if (!bytes) return verdict(due, 'skipped', { message: 'the metainfo is no longer here' })
  const metainfo = tryParse(bytes)
  if (!metainfo) return verdict(due, 'skipped', { message: 'the metainfo can no longer be read' })
  if (metainfo.pieceLengthBytes > maxPieceBytes)
    return verdict(due, 'skipped', { message: 'its pieces are too large to sample' })
  const way = createWay(parts)
  const pieces = Math.min(maxPieces, Math.max(1, Math.floor(sampleBytes / metainfo.pieceLengthBytes)))
  const kind = due.detail.kind === 'bep17' ? 'bep17' : 'bep19'
  const report = await checkWebSeed(metainfo, { url: due.url, kind }, way.get, {
    pieces,
    timeoutMs,
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
  if (failure instanceof HostBusyError) return { nextAt: later(failure.retryAfterMs) }
  return verdict(due, failure ? 'unreachable' : 'mismatch', detail)
}

function tryParse(bytes: Uint8Array): Metainfo | undefined {
  try {
    return parseMetainfo(bytes)
  } catch (error) {
    if (error instanceof MetainfoError) return undefined
    throw error
  }
}

/** The guarded way out as the piece checker wants it, noting what else the answers tell. */
function createWay({ fetch }: WebseedProbeParts) {
  const way = {
    failure: undefined as unknown,
    https: true,
    cors: undefined as boolean | undefined,
    get: (async (url, { headers, signal }) => {
      try {
        const stream = await fetch.openStream(url, {
          headers: { ...headers, origin: 'https://holdfast.invalid' },
          // The checker hangs up after the bytes it asked for.
          maxBytes: Number.MAX_SAFE_INTEGER,
          timeoutMs,
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
    }) satisfies WebSeedFetch,
  }
  return way
}

/** The bytes as they come; reading to the end, failing and giving up all hang up. */
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

/** A webseed that stays good is looked at less and less often, up to weekly; a bad one less often with each failure. */
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
