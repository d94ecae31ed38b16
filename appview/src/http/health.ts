import type { RequestHandler } from 'express'

export interface HealthParts {
  /** Resolves when the database answers. */
  ping: () => Promise<unknown>
  /** The hosts that are followed, and how far behind each is. */
  hosts: () => Promise<readonly { host: string; connected: boolean; lagMs: number | null }[]>
  version: string
}

/** For load balancers and monitors: 200 while the database answers, 503 otherwise; how far ingest lags beside it. */
export function health({ ping, hosts, version }: HealthParts): RequestHandler {
  return async (_req, res) => {
    const database = await within(2_000, ping())
    const ok = database === true
    const ingest = ok ? await hosts().catch(() => []) : []
    res
      .status(ok ? 200 : 503)
      .setHeader('Cache-Control', 'no-store')
      .json({ ok, version, database: ok ? 'ok' : `does not answer: ${database}`, ingest })
  }
}

async function within(ms: number, task: Promise<unknown>): Promise<true | string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${ms} ms`), ms)
  })
  try {
    return await Promise.race([
      late,
      task.then(
        () => true as const,
        (error) => (error as Error).message,
      ),
    ])
  } finally {
    clearTimeout(timer)
  }
}
