/**
 * Looks up host names without `getaddrinfo`, whose four threads a few slow names would block for everybody. Every look-up
 * has a deadline, failures are remembered, and each caller has a budget of look-ups, to which remembered answers do not count.
 */
import { getServers, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { LatestMap } from '@holdfast/runtime/latest-map'
import { hostsFile, type NamedAddress } from './hosts-file.ts'
import { createWindowCounts } from './window-counts.ts'

export interface Names {
  /** At most four addresses, IPv4 first; a literal address resolves to itself. @throws NameError */
  addressesOf(hostname: string, caller?: NameCaller): Promise<readonly NamedAddress[]>
  /** The texts of the TXT records, or an empty list. @throws NameError */
  textsOf(hostname: string, caller?: NameCaller): Promise<readonly string[]>
}

/** Who caused a look-up: an anonymous visitor, or an account whose record names the host. */
export interface NameCaller {
  readonly kind: 'visitor' | 'account'
  readonly id: string
}

/** Why a name was not resolved: the DNS says that it does not exist (`missing`), the look-up `failed` and may succeed later, or none was sent (`busy`). */
export class NameError extends Error {
  override readonly name = 'NameError'
  readonly why: 'missing' | 'failed' | 'busy'
  constructor(hostname: string, why: 'missing' | 'failed' | 'busy', code: string) {
    super(`cannot find ${hostname.slice(0, 253)}: ${code}`)
    this.why = why
  }
}

export type LookupOutcome = 'found' | NameError['why']

export interface NamesOptions {
  /** Name servers as `address:port`; by default the system's. */
  readonly servers?: readonly string[]
  readonly deadlineMs?: number
  readonly limits?: Readonly<Record<NameCaller['kind'], CallerLimits>>
  /** Called for each look-up that was not answered from memory; for metrics. */
  readonly onLookup?: (outcome: LookupOutcome) => void
}

/** The most look-ups a minute. */
export interface CallerLimits {
  readonly perCaller: number
  readonly inAll: number
}

const defaultLimits: Record<NameCaller['kind'], CallerLimits> = {
  visitor: { perCaller: 20, inAll: 300 },
  account: { perCaller: 60, inAll: 3_000 },
}
const windowMs = 60_000
const mostInFlight = 1_000
const mostKept = 50_000
const mostAddresses = 4
/** An answer is kept for its time to live, within these bounds; a failure by its kind. */
const [shortestMs, longestMs] = [30_000, 300_000]
const failureMs = { missing: 60_000, failed: 30_000 } as const
/** The codes by which c-ares reports names that do not exist. */
const missingCodes = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME'])

interface Answer<Value> {
  readonly value: Value
  readonly keepMs: number
}
interface Kept {
  readonly answer: Promise<unknown>
  untilMs: number
}

export function createNames(options: NamesOptions = {}): Names {
  const { deadlineMs = 5_000, limits = defaultLimits } = options
  // Each query is sent at most twice, well within the deadline.
  const resolver = new Resolver({ timeout: Math.ceil(deadlineMs / 4), tries: 2 })
  resolver.setServers(options.servers ?? getServers())
  const kept = new LatestMap<string, Kept>(mostKept)
  const spent = { visitor: createWindowCounts(windowMs), account: createWindowCounts(windowMs) }
  let inFlight = 0

  function refuseBeyond(hostname: string, caller: NameCaller | undefined): void {
    if (inFlight >= mostInFlight) throw new NameError(hostname, 'busy', 'too many names are being looked up')
    if (!caller) return
    const counts = spent[caller.kind]
    const { perCaller, inAll } = limits[caller.kind]
    if (counts.of(caller.id) >= perCaller || counts.total() >= inAll)
      throw new NameError(hostname, 'busy', 'too many names were looked up in this minute')
    counts.add(caller.id)
  }

  async function ask<Value>(hostname: string, question: () => Promise<Answer<Value>>, entry: Kept) {
    inFlight++
    try {
      const { value, keepMs } = await withDeadline(question(), deadlineMs)
      entry.untilMs = Date.now() + keepMs
      options.onLookup?.('found')
      return value
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? 'EUNKNOWN'
      const why = missingCodes.has(code) ? 'missing' : 'failed'
      entry.untilMs = Date.now() + failureMs[why]
      options.onLookup?.(why)
      throw new NameError(hostname, why, code)
    } finally {
      inFlight--
    }
  }

  /** Looks a name up once for all who ask at the same time, and remembers the answer or the failure. */
  function remembered<Value>(
    { kind, hostname, caller }: { kind: string; hostname: string; caller: NameCaller | undefined },
    question: () => Promise<Answer<Value>>,
  ): Promise<Value> {
    const key = `${kind} ${hostname}`
    const known = kept.get(key)
    if (known && known.untilMs > Date.now()) return known.answer as Promise<Value>
    try {
      refuseBeyond(hostname, caller)
    } catch (error) {
      options.onLookup?.('busy')
      return Promise.reject(error)
    }
    const entry = { answer: Promise.resolve() as Promise<unknown>, untilMs: Number.POSITIVE_INFINITY }
    const answer = ask(hostname, question, entry)
    answer.catch(() => {})
    entry.answer = answer
    kept.set(key, entry)
    return answer
  }

  return {
    async addressesOf(spelled, caller) {
      const hostname = spelled.replaceAll(/^\[|\]$|\.$/g, '').toLowerCase()
      const family = isIP(hostname)
      if (family !== 0) return [{ address: hostname, family: family as 4 | 6 }]
      const here = await hostsFile(hostname)
      if (here.length > 0) return here.slice(0, mostAddresses)
      return remembered({ kind: 'addresses', hostname, caller }, () => askAddresses(resolver, hostname))
    },
    async textsOf(hostname, caller) {
      return remembered({ kind: 'texts', hostname: hostname.toLowerCase(), caller }, () =>
        askTexts(resolver, hostname),
      )
    },
  }
}

async function askAddresses(resolver: Resolver, hostname: string): Promise<Answer<NamedAddress[]>> {
  const [v4, v6] = await Promise.allSettled([
    resolver.resolve4(hostname, { ttl: true }),
    resolver.resolve6(hostname, { ttl: true }),
  ])
  const found = [v4, v6].flatMap((family) => (family.status === 'fulfilled' ? family.value : []))
  if (found.length === 0) throw v4.status === 'rejected' ? v4.reason : (v6 as PromiseRejectedResult).reason
  const addresses = found.flatMap(({ address }) => {
    const family = isIP(address)
    return family === 0 ? [] : [{ address, family: family as 4 | 6 }]
  })
  const ttlMs = Math.min(...found.map(({ ttl }) => ttl)) * 1_000
  const keepMs = Math.min(Math.max(ttlMs, shortestMs), longestMs)
  // Keep at least one address of each family, for machines that can reach only one of them.
  const [four, six] = [4, 6].map((family) => addresses.filter((one) => one.family === family))
  const fours = four!.slice(0, Math.max(mostAddresses - six!.length, mostAddresses / 2))
  return { value: [...fours, ...six!].slice(0, mostAddresses), keepMs }
}

async function askTexts(resolver: Resolver, hostname: string): Promise<Answer<string[]>> {
  try {
    const records = await resolver.resolveTxt(hostname)
    return { value: records.map((chunks) => chunks.join('')), keepMs: longestMs }
  } catch (error) {
    if (!missingCodes.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    return { value: [], keepMs: failureMs.missing }
  }
}

function withDeadline<Value>(work: Promise<Value>, deadlineMs: number): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(Object.assign(new Error('no answer'), { code: 'ETIMEOUT' })),
    deadlineMs,
  )
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
