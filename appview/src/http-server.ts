import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Server as XrpcServer } from '@atproto/xrpc-server'
import compression from 'compression'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { cors } from './http/cors.ts'
import { didDocument } from './http/did-document.ts'
import { type HealthParts, health } from './http/health.ts'
import { createRateLimiter, type RateLimiter, type RateLimitOptions, rateLimit } from './http/rate-limit.ts'
import { requestMetrics } from './http/request-metrics.ts'
import { limitStreams, type Upgrade } from './http/stream-limit.ts'

export interface HttpServerParts {
  xrpc: XrpcServer
  /** The other faces, asked in this order for whatever is not XRPC; each passes on what is not its own. */
  faces: readonly RequestHandler[]
  health: HealthParts
  registry: Registry
  rateLimit: RateLimitOptions
  /** Live streams that may be open in all. */
  maxStreams: number
  /** Known once the port is. */
  publicUrl: () => string
  /** Proxies whose `X-Forwarded-For` is believed, beside this machine. */
  trustedProxies: readonly string[]
  log: Logger
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number
}

/**
 * Serves every face of the index on one port (0 takes any free one). Disposal lets what is under way finish.
 *
 * @throws Error that says what to do when the port cannot be had
 */
export async function startHttpServer(port: number, parts: HttpServerParts): Promise<HttpServer> {
  const app = express()
  app.listen = ((...args: Parameters<typeof app.listen>) =>
    createServer({ maxHeaderSize }, app).listen(...args)) as typeof app.listen
  app.disable('x-powered-by')
  app.set('trust proxy', ['loopback', ...parts.trustedProxies])
  app.use(requestMetrics(parts.registry, new Set(methodNames(parts.xrpc))))
  app.use(logFaults(parts.log))
  app.use(cors)
  app.get('/health', health(parts.health))
  app.get('/metrics', metrics(parts.registry))
  const limiter = createRateLimiter(parts.rateLimit)
  app.use(rateLimit(limiter, parts.rateLimit))
  app.use(compression())
  app.get('/.well-known/did.json', (_req, res) => res.json(didDocument(parts.publicUrl())))
  for (const face of parts.faces) app.use(face)
  app.use(parts.xrpc.router)
  app.use(notFound)
  app.use(ourFault(parts.log))
  // The XRPC server takes over WebSocket upgrades of the app it is mounted in when that listens.
  const server = await listening(app, port)
  guardUpgrades(server, { app, limiter, ...parts })
  server.keepAliveTimeout = 65_000
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      // Upgraded connections are no longer the server's own, yet it waits for them.
      const streams = [...parts.xrpc.subscriptions.values()].flatMap(({ wss }) => [...wss.clients])
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

/** A query of 10,000 bytes, the most that searches take, is three times that when it is percent-encoded. */
const maxHeaderSize = 65_536

/** WebSocket close code 1001 (RFC 6455): connect again, here or elsewhere. */
const goingAway = 1001

/** How long requests under way may take at the end. */
const drainMs = 5_000

/** Stands between the server and whoever took over its upgrades. */
function guardUpgrades(
  server: Server,
  parts: Pick<HttpServerParts, 'maxStreams' | 'registry'> & { app: express.Express; limiter: RateLimiter },
): void {
  const { app, limiter, registry, maxStreams } = parts
  // An upgrade passes Express by; with its prototype a request knows the address behind trusted proxies all the same.
  const addressOf = (req: IncomingMessage) =>
    (Object.setPrototypeOf(req, app.request) as express.Request).ip ?? ''
  const [upgrade] = server.listeners('upgrade') as Upgrade[]
  if (!upgrade) return
  server.removeAllListeners('upgrade')
  server.on('upgrade', limitStreams(upgrade, { limiter, addressOf, most: maxStreams, registry }))
}

function listening(app: express.Express, port: number): Promise<ReturnType<express.Express['listen']>> {
  return new Promise((resolve, reject) => {
    const server = app.listen(port)
    server.once('listening', () => resolve(server))
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(new Error(portProblem(port, cause), { cause })),
    )
  })
}

function portProblem(port: number, { code, message }: NodeJS.ErrnoException): string {
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

function metrics(registry: Registry): RequestHandler {
  return async (_req, res) => {
    res.setHeader('Content-Type', registry.contentType).setHeader('Cache-Control', 'no-store')
    res.end(await registry.metrics())
  }
}

/** The XRPC server reports each error to `req.log`: ours is told of our own faults only. */
function logFaults(log: Logger): RequestHandler {
  const faults = {
    error(fields: { status?: number; err?: unknown; nsid?: string }) {
      if ((fields.status ?? 500) >= 500) log.error({ err: fields.err, method: fields.nsid }, 'request failed')
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

function ourFault(log: Logger): ErrorRequestHandler {
  return (error: { status?: number; statusCode?: number; message?: string }, req, res, next) => {
    const status = error.status ?? error.statusCode ?? 500
    if (status >= 500) log.error({ err: error, path: req.path }, 'request failed')
    if (res.headersSent) return next(error)
    // A request that cannot be read, such as a malformed %-escape, is its sender's mistake and keeps its status.
    const message =
      status >= 500 ? 'Something went wrong here; it was logged.' : (error.message ?? 'Bad request.')
    res.status(status).json({ error: status >= 500 ? 'InternalServerError' : 'InvalidRequest', message })
  }
}
