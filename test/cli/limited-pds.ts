import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PDS } from '@atproto/pds'
import { closerOf, listening } from '../network/closing.ts'
import { freePort } from '../network/free-port.ts'

export interface WriteLimit {
  points: number
  windowMs: number
}

export type LimitedPds = AsyncDisposable & {
  readonly url: string
  /** The number of puts that were rejected with 429. */
  readonly refused: number
  /** The number of puts that succeeded. */
  readonly puts: number
  /** Uses up the account's budget, as another program of the same account would. */
  spend(points: number): void
}

/**
 * The reference PDS with a write limit of its own: the rules of the PDS's hourly limit (two points per put, the same
 * headers, the same 429), applied to `windowMs`, so that a test can reach the limit and wait until it ends.
 */
export async function startLimitedPds(plcUrl: string, limit: WriteLimit): Promise<LimitedPds> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-limited-pds-'))
  const port = await freePort()
  const pds = await PDS.fromEnv({
    devMode: true,
    hostname: 'localhost',
    port,
    serviceDid: `did:web:localhost%3A${port}`,
    dataDirectory: directory,
    blobstoreDiskLocation: join(directory, 'blobs'),
    blobstoreDiskTmpLocation: join(directory, 'blobs-tmp'),
    didPlcUrl: plcUrl,
    serviceHandleDomains: ['.test'],
    inviteRequired: false,
    disableSsrfProtection: true,
    jwtSecret: randomBytes(16).toString('hex'),
    dpopSecret: randomBytes(32).toString('hex'),
    adminPassword: 'admin',
    plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString('hex'),
    bskyAppViewUrl: 'https://appview.invalid',
    bskyAppViewDid: 'did:example:invalid',
  })
  await pds.ctx.sequencer.start()
  const budget = new Budget(limit)
  const server = createServer((request, response) => {
    if (budget.allows(request, response)) pds.app(request, response)
  })
  const close = closerOf(server)
  server.listen(port, '127.0.0.1')
  await listening(server)
  return {
    url: `http://localhost:${port}`,
    get refused() {
      return budget.refused
    },
    get puts() {
      return budget.puts
    },
    spend: (points) => budget.spend(points),
    async [Symbol.asyncDispose]() {
      await close()
      await pds.destroy()
      pds.ctx.sequencer.db.close()
      pds.ctx.didCache.db.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const putPoints = 2

/** A fixed window, like the PDS's own limiter. */
class Budget {
  readonly #limit: WriteLimit
  #spent = 0
  #endsAt = 0
  refused = 0
  puts = 0

  constructor(limit: WriteLimit) {
    this.#limit = limit
  }

  spend(points: number): void {
    if (Date.now() >= this.#endsAt) {
      this.#spent = 0
      this.#endsAt = Date.now() + this.#limit.windowMs
    }
    this.#spent += points
  }

  allows(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method !== 'POST' || !request.url?.startsWith('/xrpc/com.atproto.repo.putRecord')) return true
    this.spend(putPoints)
    const { points, windowMs } = this.#limit
    response.setHeader('RateLimit-Limit', points)
    response.setHeader('RateLimit-Remaining', Math.max(0, points - this.#spent))
    response.setHeader('RateLimit-Reset', Math.floor(this.#endsAt / 1000))
    response.setHeader('RateLimit-Policy', `${points};w=${windowMs / 1000}`)
    if (this.#spent <= points) {
      this.puts++
      return true
    }
    this.refused++
    request.resume()
    response.writeHead(429, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: 'RateLimitExceeded', message: 'Rate Limit Exceeded' }))
    return false
  }
}
