import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Server as XrpcServer } from '@atproto/xrpc-server'
import { OperatorError } from '@holdfast/runtime/operator-error'
import compression from 'compression'
import express, { type ErrorRequestHandler, type RequestHandler, type Response } from 'express'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { isStoreAway, storeAwayMessage } from '../store/store-unavailable.ts'
import { ThreadsBusyError } from '../threads/thread-pool.ts'
import { cors } from './cors.ts'
import { didDocument } from './did-document.ts'
import { createHealth, type HealthParts } from './health.ts'
import { limitHeldAnswers } from './held-answers.ts'
import { type OwnPrograms, ownPrograms } from './own-programs.ts'
import { createRateLimiter, type RateLimiter, type RateLimitOptions, rateLimit } from './rate-limit.ts'
import { requestMetrics } from './request-metrics.ts'
import { limitPatience } from './request-patience.ts'
import { limitStreams, type Upgrade } from './stream-limit.ts'

export interface HttpServerParts {
  /** Undefined in a process that serves only health and metrics. */
  xrpc: XrpcServer | undefined
  /** The other interfaces, tried in this order for requests that are not XRPC; each passes on what it does not serve. */
  interfaces: readonly RequestHandler[]
  health: HealthParts
  registry: Registry
  rateLimit: RateLimitOptions
  /** The most live streams open at once. */
  maxStreams: number
  /** Known only once the port is. */
  publicUrl: () => string
  /** Whether the server has a public URL, and so is reached through a proxy. */
  isPublic: boolean
  /** By this token the operator's own programs are recognized. */
  adminToken: string | undefined
  /** Proxies whose `X-Forwarded-For` is trusted, besides those on this machine. */
  trustedProxies: readonly string[]
  log: Logger
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number
}

export interface ListenAt {
  /** An address of this machine; undefined for all. */
  readonly host?: string | undefined
  /** 0 for any free port. */
  readonly port: number
}

/**
 * Serves every interface of the index on one port (0 takes any free one). Disposal waits for requests in progress.
 *
 * @throws Error that says what to do when the port cannot be opened
 */
export async function startHttpServer(at: ListenAt, parts: HttpServerParts): Promise<HttpServer> {
  const app = express()
  app.listen = ((...args: Parameters<typeof app.listen>) =>
    createServer({ maxHeaderSize }, app).listen(...args)) as typeof app.listen
  app.disable('x-powered-by')
  app.set('trust proxy', ['loopback', ...parts.trustedProxies])
  app.use(requestMetrics(parts.registry, new Set(parts.xrpc ? methodNames(parts.xrpc) : [])))
  app.use(logFaults(parts.log))
  app.use(cors)
  const health = createHealth(parts.health)
  app.get('/health/live', health.live)
  app.get(['/health', '/health/ready'], health.ready)
  app.get('/xrpc/_health', health.xrpc)
  const own = ownPrograms({ ...parts, onUnnamed: once(() => parts.log.warn(unnamed)) })
  const limiter = createRateLimiter(parts.rateLimit)
  app.get('/metrics', metrics(parts.registry, own))
  app.use(rateLimit(limiter, { ...parts.rateLimit, own }))
  app.use(limitPatience(own))
  app.use(compression())
  app.use(limitHeldAnswers({ own, registry: parts.registry }))
  if (parts.xrpc) {
    app.get('/.well-known/did.json', (_req, res) => res.json(didDocument(parts.publicUrl())))
    for (const each of parts.interfaces) app.use(each)
    app.use(parts.xrpc.router)
  }
  app.use(notFound)
  app.use(ourFault(parts.log))
  // The XRPC server takes over WebSocket upgrades of the app it is mounted in when that listens.
  const server = await listening(app, at)
  guardUpgrades(server, { app, limiter, own, ...parts })
  server.keepAliveTimeout = 65_000
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      // The HTTP server no longer manages upgraded connections, but waits for them when it closes.
      const streams = [...(parts.xrpc?.subscriptions.values() ?? [])].flatMap(({ wss }) => [...wss.clients])
      for (const stream of streams) stream.close(goingAway)
      const force = setTimeout(() => {
        server.closeAllConnections()
        for (const stream of streams) stream.terminate()
      }, drainMs)
      await closed
      clearTimeout(force)
    },
  }
}

/** Searches accept queries of 10,000 bytes, which may be three times as long when percent-encoded. */
const maxHeaderSize = 65_536

/** WebSocket close code 1001 (RFC 6455): the server is stopping, so the client should connect again, here or elsewhere. */
const goingAway = 1001

/** How long requests in progress may take after the server was told to stop. */
const drainMs = 5_000

/** Puts a check before the handlers of WebSocket upgrades that are already registered. */
function guardUpgrades(
  server: Server,
  parts: Pick<HttpServerParts, 'maxStreams' | 'registry'> & {
    app: express.Express
    limiter: RateLimiter
    own: OwnPrograms
  },
): void {
  const { app, limiter, own, registry, maxStreams } = parts
  // Upgrades do not pass through Express; with Express's prototype the request still knows the address behind trusted proxies.
  const addressOf = (req: IncomingMessage) =>
    (Object.setPrototypeOf(req, app.request) as express.Request).ip ?? ''
  const [upgrade] = server.listeners('upgrade') as Upgrade[]
  if (!upgrade) return
  server.removeAllListeners('upgrade')
  server.on('upgrade', limitStreams(upgrade, { limiter, own, addressOf, most: maxStreams, registry }))
}

function listening(app: express.Express, at: ListenAt): Promise<ReturnType<express.Express['listen']>> {
  return new Promise((resolve, reject) => {
    const server = at.host === undefined ? app.listen(at.port) : app.listen(at.port, at.host)
    server.once('listening', () => resolve(server))
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(new OperatorError(problemOf(at, cause), { cause })),
    )
  })
}

function problemOf({ port, host }: ListenAt, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRNOTAVAIL')
    return `This machine has no address ${host}. Set HOLDFAST_HOST to one that it has, or leave it out to listen on all.`
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use by another program. Stop it, or set HOLDFAST_PORT to another port.`
  if (code === 'EACCES')
    return `Port ${port} may not be taken by this user. Set HOLDFAST_PORT to a port above 1023.`
  return `Cannot listen on port ${port}: ${message}. Set HOLDFAST_PORT to another port.`
}

function methodNames(xrpc: XrpcServer): string[] {
  const paths = xrpc.routes.stack.flatMap((layer) => (layer.route ? [String(layer.route.path)] : []))
  return [...paths.map((path) => path.replace('/xrpc/', '')), ...xrpc.subscriptions.keys()]
}

const unnamed =
  'requests come from this machine without X-Forwarded-For, and are limited as one address: a proxy has to add the header, and programs of yours send HOLDFAST_ADMIN_TOKEN as Authorization: Bearer'

function once(task: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) task()
    isDone = true
  }
}

/** Serves metrics to the operator's own programs only, as the tracker does. */
function metrics(registry: Registry, own: OwnPrograms): RequestHandler {
  return async (req, res) => {
    if (!own.includes(req))
      return res
        .status(403)
        .type('text/plain')
        .send('For programs on this machine, and bearers of HOLDFAST_ADMIN_TOKEN.\n')
    res.setHeader('Content-Type', registry.contentType).setHeader('Cache-Control', 'no-store')
    return res.end(await registry.metrics())
  }
}

/**
 * The XRPC server reports every error to `req.log`; this one logs only our own faults (status 500 and above, but not 501,
 * which answers a method that does not exist).
 */
function logFaults(log: Logger): RequestHandler {
  const faults = {
    error(fields: { status?: number; err?: unknown; nsid?: string }) {
      const { status = 500, err, nsid } = fields
      if (status >= 500 && status !== 501) log.error({ err, method: nsid }, 'request failed')
    },
  }
  return (req, _res, next) => {
    Object.assign(req, { log: faults })
    next()
  }
}

const notFound: RequestHandler = (req, res) => {
  res.status(404).json({ error: 'NotFound', message: `There is nothing at ${req.path.slice(0, 200)}.` })
}

/** Answers 503: nothing was wrong with the request, and it may be sent again. */
function storeAway(res: Response): void {
  res.status(503).setHeader('Retry-After', '5').json({ error: 'StoreUnavailable', message: storeAwayMessage })
}

/** Answers that too many documents are being made at once, which is nobody's fault. */
function busy(res: Response): void {
  const message = 'More of these are asked for than are made at once. Ask again in a few seconds.'
  res.status(503).setHeader('Retry-After', '5').json({ error: 'Busy', message })
}

function ourFault(log: Logger): ErrorRequestHandler {
  return (error: { status?: number; statusCode?: number; message?: string }, req, res, next) => {
    const status = error.status ?? error.statusCode ?? 500
    if (status >= 500 && !(error instanceof ThreadsBusyError))
      log.error({ err: error, path: req.path }, 'request failed')
    if (res.headersSent) return next(error)
    if (error instanceof ThreadsBusyError) return void busy(res)
    if (isStoreAway(error)) return void storeAway(res)
    // An error about an unreadable request, such as a malformed %-escape, keeps its 4xx status.
    const message =
      status >= 500 ? 'Something went wrong here; it was logged.' : (error.message ?? 'Bad request.')
    res.status(status).json({ error: status >= 500 ? 'InternalServerError' : 'InvalidRequest', message })
  }
}
