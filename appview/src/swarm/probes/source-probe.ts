/**
 * Checks a source of a dataset by a HEAD request, or by a GET of one byte if HEAD fails. A bad answer counts only when it
 * came three times in a row, hours apart; until then the source is `degraded`.
 */
import type { DueProbe, ProbeDetail } from '../../catalog/swarms/probes.ts'
import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import { HostBusyError, HttpStatusError, PrivateAddressError } from '../../outbound/guarded-fetch-errors.ts'
import type { RobotRules } from './robots.ts'
import { sourceUrl } from './source-url.ts'
import { type NotNow, notNow, type Verdict } from './webseed-probe.ts'

export interface SourceProbeParts {
  fetch: GuardedFetch
  robots: (url: URL, account?: string) => Promise<RobotRules>
  signal: AbortSignal
}

/** Probes one source. */
export async function probeSource(due: DueProbe, parts: SourceProbeParts): Promise<Verdict | NotNow> {
  const url = sourceUrl(due.url)
  if (!url) return conclude(due, 'skipped', { message: 'only http, https and s3 addresses are probed' })
  try {
    const account = due.account ?? undefined
    const rules = await parts.robots(url, account)
    if (!rules.allows(url))
      return conclude(due, 'skipped', { message: 'robots.txt asks not to be visited there' })
    const answer = await ask(url, account, parts)
    const moved = answer.url.host === url.host ? {} : { message: `leads to ${answer.url.origin}` }
    const detail = { httpStatus: answer.status, https: answer.url.protocol === 'https:', ...moved }
    return { ...conclude(due, 'online', detail), restMs: rules.delayMs }
  } catch (error) {
    parts.signal.throwIfAborted()
    return judge(due, error)
  }
}

const timeoutMs = 30_000
/** How long to wait for the host's turn; long, because its `robots.txt` may have been read a moment ago. */
const patienceMs = 30_000

async function ask(
  url: URL,
  account: string | undefined,
  { fetch, signal }: SourceProbeParts,
): Promise<{ status: number; url: URL }> {
  // The body is discarded at once; only the head of the answer matters.
  const asked = { maxBytes: Number.MAX_SAFE_INTEGER, timeoutMs, signal, patienceMs }
  const request = { ...asked, ...(account !== undefined && { account }) }
  try {
    await using head = await fetch.openStream(url, { ...request, method: 'HEAD' })
    return { status: head.status, url: head.url }
  } catch (error) {
    if (!(error instanceof HttpStatusError) || error.status === 429) throw error
  }
  // Many servers answer HEAD wrongly, and what counts is what a reader would get.
  await using body = await fetch.openStream(url, { ...request, headers: { range: 'bytes=0-0' } })
  return { status: body.status, url: body.url }
}

function judge(due: DueProbe, error: unknown): Verdict | NotNow {
  const message = error instanceof Error ? error.message.slice(0, 500) : String(error)
  if (error instanceof PrivateAddressError)
    return { ...conclude(due, 'skipped', { message }), warning: 'private-source-skipped' }
  if (error instanceof HostBusyError || (error instanceof HttpStatusError && error.status === 429)) {
    return { nextAt: notNow(error instanceof HostBusyError ? minuteMs : hourMs, error.retryAfterMs) }
  }
  if (!(error instanceof HttpStatusError)) return conclude(due, 'offline', { message })
  const detail = { httpStatus: error.status, message }
  // An empty file has no first byte.
  if (error.status === 416) return conclude(due, 'online', { httpStatus: 416 })
  if ([401, 402, 403, 407, 451].includes(error.status)) return conclude(due, 'refused', detail)
  return conclude(due, error.status === 404 || error.status === 410 ? 'gone' : 'offline', detail)
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** Waits after failures in a row. Three failures span seven hours, which is longer than most repairs of a server. */
const retryMs = [hourMs, 6 * hourMs, dayMs] as const
const believedAfter = 3

function conclude(due: DueProbe, found: string, detail: ProbeDetail): Verdict {
  const failed = found === 'offline' || found === 'gone'
  if (failed) {
    const isBelieved = due.failures + 1 >= believedAfter || due.status === found || detail.httpStatus === 410
    const waitMs = retryMs[Math.min(due.failures, retryMs.length - 1)]!
    return { status: isBelieved ? found : 'degraded', detail, failed, nextAt: spread(waitMs) }
  }
  return { status: found, detail, failed, nextAt: spread(found === 'skipped' ? 30 * dayMs : 3 * dayMs) }
}

/** Varies a time by a tenth, so that addresses that were named together are not always probed together. */
function spread(ms: number): Date {
  return new Date(Date.now() + ms * (0.9 + Math.random() / 5))
}
