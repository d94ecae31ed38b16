import type { RequestHandler } from 'express'

export interface HealthParts {
  /** Resolves when the database answers. */
  ping: () => Promise<unknown>
  /** Resolves when the database took a write. */
  pingWrites: () => Promise<unknown>
  /** Says in plain words what is wrong with a database that failed. */
  faultOf: (error: unknown) => string
  /** Whether records from the network are being stored; undefined in a process that does not ingest. */
  isStoring: () => boolean | undefined
  /** What the operator should do about the index, in words; undefined when nothing. */
  advice?: () => Promise<string | undefined>
  /** Whether Redis answers; undefined when none is configured. */
  redis: (() => boolean) | undefined
  /** The hosts that this process follows, and how far behind each is. */
  hosts: () => Promise<
    readonly {
      host: string
      connected: boolean
      lagMs: number | null
      /** How many events were read but are not yet stored. */
      waiting: number
      caughtUp: boolean
    }[]
  >
  version: string
}

/** The result of a health check. */
interface Found {
  /** Whether the server can do all of its work. */
  ok: boolean
  /** `ok`, or what is wrong with the database. */
  database: string
  writes: string
  redis?: string
  /** What the operator should do, though nothing is broken. */
  index?: string
  ingest: Awaited<ReturnType<HealthParts['hosts']>>
}

export interface Health {
  /** Answers 200 as long as the process answers at all; without an answer it should be restarted. */
  live: RequestHandler
  /** Answers 200 while the server can do all of its work, otherwise 503 and what is broken; says whether to send it requests. */
  ready: RequestHandler
  /** Answers `/xrpc/_health` as other atproto servers do, for their tools: with the version, and an error when unhealthy. */
  xrpc: RequestHandler
}

/** The database is checked at most once in this time, and never twice at once, however often health is asked for. */
const keptMs = 1_000
/** How long a request for the health waits for a check. */
const patienceMs = 900
/** A busy database may sometimes take longer; it counts as healthy if a check succeeded within this time. */
const trustedMs = 3_000
/** A check that takes longer than this is abandoned, and another is started. */
const givenUpMs = 10_000

/** Makes the request handlers that load balancers and monitors ask. */
export function createHealth(parts: HealthParts): Health {
  const { version } = parts
  const look = lookNowAndThen(parts)
  const answer = (of: (found: Found) => object): RequestHandler => {
    return async (_req, res) => {
      const found = await look()
      res
        .status(found.ok ? 200 : 503)
        .setHeader('Cache-Control', 'no-store')
        .json(of(found))
    }
  }
  return {
    live: (_req, res) => void res.setHeader('Cache-Control', 'no-store').json({ ok: true, version }),
    ready: answer(({ ok, ...found }) => ({ ok, version, ...found })),
    xrpc: answer(({ ok }) => ({ version, ...(!ok && { error: 'Service Unavailable' }) })),
  }
}

/** Makes a function that checks health when called; calls during a check, or shortly after, get the same result. */
function lookNowAndThen(parts: HealthParts): () => Promise<Found> {
  let last: { at: number; found: Found } | undefined
  let looking: { since: number; done: Promise<void> } | undefined
  const begin = () => {
    const current = {
      since: performance.now(),
      done: examine(parts).then((found) => {
        if (looking !== current) return
        last = { at: performance.now(), found }
        looking = undefined
      }),
    }
    return current
  }
  return async () => {
    const now = performance.now()
    if (last && !looking && now - last.at < keptMs) return last.found
    if (!looking || now - looking.since > givenUpMs) looking = begin()
    const isDone = await within(patienceMs, looking.done)
    if (last && (isDone || performance.now() - last.at < trustedMs)) return last.found
    return silent(parts)
  }
}

async function examine(parts: HealthParts): Promise<Found> {
  const stateOf = (task: Promise<unknown>) => task.then(() => 'ok', parts.faultOf)
  const written = await stateOf(parts.pingWrites())
  const database = written === 'ok' ? 'ok' : await stateOf(parts.ping())
  const isStoring = parts.isStoring() ?? true
  const writes = written === 'ok' && !isStoring ? 'what comes from the network is not stored' : written
  const ingest = database === 'ok' ? await parts.hosts().catch(() => []) : []
  const index = database === 'ok' ? await parts.advice?.().catch(() => undefined) : undefined
  const ok = database === 'ok' && writes === 'ok'
  return { ok, database, writes, ...redisOf(parts), ...(index !== undefined && { index }), ingest }
}

function silent(parts: HealthParts): Found {
  const database = 'does not answer'
  return { ok: false, database, writes: database, ...redisOf(parts), ingest: [] }
}

/** Without Redis nothing is broken: each process then counts limits for itself. */
function redisOf({ redis }: HealthParts): { redis?: string } {
  if (!redis) return {}
  return { redis: redis() ? 'ok' : 'cannot be reached: limits count in this process alone' }
}

async function within(ms: number, task: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([late, task.then(() => true)])
  } finally {
    clearTimeout(timer)
  }
}
