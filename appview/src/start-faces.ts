import type { RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Catalog } from './catalog/open.ts'
import { ping } from './catalog/store/ping.ts'
import { resolveAccount } from './catalog/views/accounts.ts'
import { readSourceLags } from './catalog/views/ingest-counts.ts'
import { startTotalsKeeper } from './catalog/views/pages/totals-keeper.ts'
import type { AppViewConfig } from './config.ts'
import { describe } from './describe-server.ts'
import { feedFaces } from './feeds/feed-faces.ts'
import type { GuardedFetch } from './guarded-fetch.ts'
import { didOf, serviceId } from './http/did-document.ts'
import { defaultRateLimit } from './http/rate-limit.ts'
import { blobReader } from './http/read-blob.ts'
import { openRedis } from './http/redis.ts'
import type { HttpServerParts } from './http-server.ts'
import type { DidResolver } from './ingest/identity/did-resolver.ts'
import { createHandleLookup } from './ingest/identity/handles.ts'
import { pagesRouter } from './pages/pages-router.ts'
import { startSearchMemory } from './start-search-memory.ts'
import { memoryTokenIds, redisTokenIds } from './xrpc/auth/token-ids.ts'
import type { IngestStatusSource } from './xrpc/getIngestStatus.ts'
import { createXrpcServer } from './xrpc/server.ts'
import { startBroadcast } from './xrpc/streams/broadcast.ts'
import { recordStream } from './xrpc/subscribeDatasets.ts'
import { infoHashStream } from './xrpc/subscribeInfoHashes.ts'

export interface FacesParts {
  catalog: Catalog
  config: AppViewConfig
  registry: Registry
  resolver: DidResolver
  guardedFetch: GuardedFetch
  version: string
  log: Logger
  validateResponse?: boolean
  faces?: readonly RequestHandler[]
}

export interface Faces extends AsyncDisposable {
  readonly http: HttpServerParts
  /** Tells the port that was taken, and learns the address that follows from it. */
  openedAt(port: number): string
  /** Tells what follows the network: the faces are open before it is. */
  follow(ingest: IngestStatusSource): void
}

/** Everything the HTTP server serves, over one catalogue. */
export async function startFaces(parts: FacesParts): Promise<Faces> {
  const { catalog, config, resolver, log } = parts
  const { db } = catalog
  await using stack = new AsyncDisposableStack()
  let publicUrl = config.publicUrl ?? `http://localhost:${config.port}`
  let ingest: IngestStatusSource = notYet
  const redis = config.redisUrl === undefined ? undefined : openRedis(config.redisUrl, warnOnce(log))
  if (redis) stack.defer(() => redis.disconnect())

  const totals = stack.use(
    startTotalsKeeper(db, (err) => log.warn({ err }, 'totals not counted; tried again')),
  )
  const follow = (source: ReturnType<typeof recordStream>) =>
    startBroadcast({ catalog, source, onError: (err) => log.warn({ err }, 'stream not read; tried again') })
  const memory = await startSearchMemory(catalog, config, parts)
  if (memory) stack.use(memory)
  const infoHashes = stack.use(await follow(infoHashStream(db)))
  const records = stack.use(await follow(recordStream(db)))
  const describeSelf = async () =>
    describe(config, { version: parts.version, publicUrl, connected: await connectedHosts(ingest) })
  const xrpc = createXrpcServer({
    db,
    memory,
    authorities: config.authorities,
    trackers: config.trackers,
    describe: describeSelf,
    totals,
    ingest: { status: () => ingest.status() },
    adminToken: config.adminToken,
    serviceAuth: {
      serviceDid: () => didOf(publicUrl),
      serviceId,
      signingKeyOf: (did, options) => signingKeyOf(resolver, did, options),
      usedTokens: redis ? redisTokenIds(redis) : memoryTokenIds(),
    },
    streams: { infoHashes, records },
    validateResponse: parts.validateResponse ?? false,
  })
  const lookUp = createHandleLookup(parts.guardedFetch)
  // In development handles end in .test, which no DNS knows: the index asked the account's own server.
  const reservedHandle = async (handle: string) =>
    config.allowPrivateHosts ? resolveAccount(db, handle) : undefined
  const pages = pagesRouter({
    db,
    memory,
    trackers: config.trackers,
    stunServers: config.stunServers,
    totals,
    describe: describeSelf,
    ingest: { status: () => ingest.status() },
    authorities: config.authorities,
    plcUrl: config.plcUrl,
    allowHttp: config.allowPrivateHosts,
    resolveHandle: async (handle) => (await lookUp(handle)) ?? (await reservedHandle(handle)),
    readDescription: blobReader(parts.guardedFetch, resolver, { maxBytes: 2_000_000, mostKept: 16 }),
    readPicture: blobReader(parts.guardedFetch, resolver, { maxBytes: 1_000_000, mostKept: 64 }),
    publicUrl: () => publicUrl,
    name: config.name,
    log,
  })
  const feeds = feedFaces({
    db,
    memory,
    trackers: config.trackers,
    publicUrl: () => publicUrl,
    name: config.name ?? 'Holdfast',
    adminEmail: () => adminEmail(config, publicUrl),
  })
  const resources = stack.move()
  return {
    http: {
      xrpc,
      faces: [...(parts.faces ?? []), ...feeds, pages],
      health: { ping: () => ping(db), hosts: () => followedHosts(catalog, ingest), version: parts.version },
      registry: parts.registry,
      rateLimit: { ...defaultRateLimit, redis },
      maxStreams: config.maxStreams,
      publicUrl: () => publicUrl,
      trustedProxies: config.trustedProxies,
      log,
    },
    openedAt(port) {
      publicUrl = config.publicUrl ?? `http://localhost:${port}`
      return publicUrl
    },
    follow(source) {
      ingest = source
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

/** OAI-PMH wants an address for mail; every host of mail has a postmaster (RFC 5321, section 4.5.1). */
function adminEmail({ abuseContact }: AppViewConfig, publicUrl: string): string {
  const isAddress = abuseContact !== undefined && /^[^\s@:]+@[^\s@]+$/.test(abuseContact)
  return isAddress ? abuseContact : `postmaster@${new URL(publicUrl).hostname}`
}

const notYet: IngestStatusSource = { status: async () => ({ hosts: [], rejects: [], databaseOk: true }) }

async function connectedHosts(ingest: IngestStatusSource): Promise<Set<string>> {
  const { hosts } = await ingest.status()
  return new Set(hosts.filter((host) => host.connected).map((host) => host.host))
}

async function followedHosts({ db }: Catalog, ingest: IngestStatusSource) {
  const [{ hosts }, lags] = await Promise.all([ingest.status(), readSourceLags(db)])
  return hosts.map(({ host, connected }) => ({ host, connected, lagMs: lags.get(host) ?? null }))
}

async function signingKeyOf(
  resolver: DidResolver,
  did: string,
  options: { refresh: boolean },
): Promise<string> {
  const resolution = await resolver.resolve(did, options)
  if (resolution.status === 'found') return resolution.identity.signingKey.didKey
  throw new Error(`${did} does not resolve to a signing key`)
}

/** A Redis that stays away would otherwise fill the log with every attempt to reach it. */
function warnOnce(log: Logger): (error: unknown) => void {
  let lastAt = 0
  return (err) => {
    if (Date.now() - lastAt < 60_000) return
    lastAt = Date.now()
    log.warn({ err }, 'Redis cannot be reached: rate limits count in this process alone')
  }
}
