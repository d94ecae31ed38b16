import type { RequestHandler } from 'express'

export interface HealthParts {
  /** Resolves when the database answers. */
  ping: () => Promise<unknown>
  /** The hosts that are followed. */
  hosts: () => readonly { host: string; connected: boolean; lagMs?: number | undefined }[]
  version: string
}

/** For load balancers and monitors: 200 while the database answers, 503 otherwise; how far ingest lags beside it. */
export function health({ ping, hosts, version }: HealthParts): RequestHandler {
  return async (_req, res) => {
    const database = await within(2_000, ping())
    const ingest = hosts().map(({ host, connected, lagMs }) => ({ host, connected, lagMs: lagMs ?? null }))
    const ok = database === true
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
    return await Promise.race([late, task.then(() => true as const, (error) => (error as Error).message)])
  } finally {
    clearTimeout(timer)
  }
}
