import { setTimeout as wait } from 'node:timers/promises'
import { LatestMap } from '@holdfast/runtime/latest-map'
import type { ResyncLimits } from './resync-limits.ts'

/**
 * The queue of repositories to be read whole, with limits in all and for each host, and with hosts taking turns. Urgent ones
 * of a host come before those from the store. Hosts that were slow share a few places, so that others always have some.
 */
export type ResyncQueue = AsyncDisposable & {
  add(did: string): void
  wake(): void
  readonly length: number
}

export interface ResyncQueueOptions {
  readonly limits: Pick<ResyncLimits, 'maxConcurrent' | 'maxPerHost' | 'maxSlow'>
  readonly signal: AbortSignal
  readonly hostOf: (did: string) => Promise<string>
  /** Reads one repository. Resolves with `'slow'` if its host was slow. If it throws, the repository stays due in the store. */
  readonly work: (did: string) => Promise<'slow' | undefined>
  /** Reads the repositories that are due by the store. */
  readonly due: (limit: number) => Promise<string[]>
  /** When the next one in the store becomes due, in ms since 1970. */
  readonly nextDue: () => Promise<number | undefined>
}

interface Host {
  waiting: string[]
  active: number
}

/** The domain of a host. Slowness counts for the domain, because any number of names below it cost nothing. */
function siteOf(host: string): string {
  return host.replace(/:\d+$/, '').split('.').slice(-2).join('.')
}

const slowRemembered = 10_000
const refill = 500
const maxIdleMs = 60_000

export function createResyncQueue(options: ResyncQueueOptions): ResyncQueue {
  const { limits, signal } = options
  const hosts = new Map<string, Host>()
  const slow = new LatestMap<string, true>(slowRemembered)
  const known = new Set<string>()
  let active = 0
  let activeSlow = 0
  let ring = Promise.withResolvers<void>()

  const start = (did: string, host: Host, name: string) => {
    const isSlow = slow.has(siteOf(name))
    active++
    host.active++
    if (isSlow) activeSlow++
    const done = (found?: 'slow') => {
      active--
      host.active--
      if (isSlow) activeSlow--
      if (found === 'slow') slow.set(siteOf(name), true)
      else if (found === undefined) slow.delete(siteOf(name))
      known.delete(did)
      if (host.active === 0 && host.waiting.length === 0) hosts.delete(name)
      if (active + countWaiting() === 0) ring.resolve()
      fill()
    }
    options.work(did).then(done, () => done('slow'))
  }
  const countWaiting = () => [...hosts.values()].reduce((sum, { waiting }) => sum + waiting.length, 0)
  /** The host whose turn is next; one that was served goes to the end. */
  const next = (): [string, Host] | undefined => {
    for (const [name, host] of hosts) {
      const mayStart = host.waiting.length > 0 && host.active < limits.maxPerHost
      if (mayStart && (activeSlow < limits.maxSlow || !slow.has(siteOf(name)))) return [name, host]
    }
    return undefined
  }
  const fill = () => {
    while (!signal.aborted && active < limits.maxConcurrent) {
      const [name, host] = next() ?? []
      if (name === undefined || host === undefined) return
      hosts.delete(name)
      hosts.set(name, host)
      start(host.waiting.shift()!, host, name)
    }
  }
  const enqueue = async (did: string, urgent: boolean) => {
    if (known.has(did) || signal.aborted) return
    known.add(did)
    const name = await options.hostOf(did)
    const host = hosts.get(name) ?? { waiting: [], active: 0 }
    hosts.set(name, host)
    if (urgent) host.waiting.unshift(did)
    else host.waiting.push(did)
    fill()
  }
  const loop = async () => {
    while (!signal.aborted) {
      ring = Promise.withResolvers()
      const due = known.size < refill ? await options.due(refill).catch(() => []) : []
      const fresh = due.filter((did) => !known.has(did))
      await Promise.all(fresh.map((did) => enqueue(did, false)))
      const nextMs =
        fresh.length > 0 || known.size > 0 ? undefined : await options.nextDue().catch(() => undefined)
      const idleMs = Math.min(Math.max((nextMs ?? Number.POSITIVE_INFINITY) - Date.now(), 50), maxIdleMs)
      const idle = new AbortController()
      await Promise.race([
        ring.promise,
        wait(idleMs, undefined, { signal: AbortSignal.any([signal, idle.signal]) }),
      ])
        .catch(() => {})
        .finally(() => idle.abort())
    }
  }
  const looping = loop()
  return {
    add: (did) => void enqueue(did, true),
    wake: () => ring.resolve(),
    get length() {
      return known.size
    },
    async [Symbol.asyncDispose]() {
      ring.resolve()
      await looping
    },
  }
}
