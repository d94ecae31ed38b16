import { setTimeout as wait } from 'node:timers/promises'

/** Repositories that wait to be read: so many at once, so many a host, the urgent ones before those from the store. */
export type ResyncQueue = AsyncDisposable & {
  add(did: string): void
  wake(): void
  readonly length: number
}

export type ResyncQueueOptions = {
  readonly limits: { readonly maxConcurrent: number; readonly maxPerHost: number }
  readonly signal: AbortSignal
  readonly hostOf: (did: string) => Promise<string>
  /** Reads one. Where it throws, the repository is still due in the store. */
  readonly work: (did: string) => Promise<void>
  /** Those the store says are due. */
  readonly due: (limit: number) => Promise<string[]>
  /** When the store's next falls due, in epoch milliseconds. */
  readonly nextDue: () => Promise<number | undefined>
}

const REFILL = 500
const MAX_IDLE_MS = 60_000

export function createResyncQueue(options: ResyncQueueOptions): ResyncQueue {
  const { limits, signal } = options
  const hosts = new Map<string, { waiting: string[]; active: number }>()
  const known = new Set<string>()
  let active = 0
  let ring = Promise.withResolvers<void>()

  const start = (did: string, host: { waiting: string[]; active: number }, name: string) => {
    active++
    host.active++
    const done = () => {
      active--
      host.active--
      known.delete(did)
      if (host.active === 0 && host.waiting.length === 0) hosts.delete(name)
      if (active + countWaiting() === 0) ring.resolve()
      fill()
    }
    options.work(did).then(done, done)
  }
  const countWaiting = () => [...hosts.values()].reduce((sum, { waiting }) => sum + waiting.length, 0)
  const fill = () => {
    for (const [name, host] of hosts) {
      while (!signal.aborted && active < limits.maxConcurrent && host.active < limits.maxPerHost) {
        const did = host.waiting.shift()
        if (did === undefined) break
        start(did, host, name)
      }
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
      const due = known.size < REFILL ? await options.due(REFILL).catch(() => []) : []
      const fresh = due.filter((did) => !known.has(did))
      await Promise.all(fresh.map((did) => enqueue(did, false)))
      const nextMs =
        fresh.length > 0 || known.size > 0 ? undefined : await options.nextDue().catch(() => undefined)
      const idleMs = Math.min(Math.max((nextMs ?? Number.POSITIVE_INFINITY) - Date.now(), 50), MAX_IDLE_MS)
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
