import type { RequestHandler } from 'express'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { DecisionJournal } from './catalog/admissions.ts'
import { resolveAccount } from './catalog/read/account.ts'
import { startTotalsKeeper } from './catalog/views/pages/totals-keeper.ts'
import type { AppViewConfig } from './config.ts'
import { describe } from './describe-server.ts'
import { createDocumentWriter } from './feeds/document-writer.ts'
import { feedInterfaces } from './feeds/feed-interfaces.ts'
import { visitorOf } from './http/address.ts'
import { didOf, serviceId } from './http/did-document.ts'
import type { HttpServerParts } from './http/http-server.ts'
import { defaultRateLimit } from './http/rate-limit.ts'
import { blobReader } from './http/read-blob.ts'
import { openRedis, persistenceOf } from './http/redis.ts'
import { createKeyLookup } from './http/visitor-lookups.ts'
import type { DidResolver } from './ingest/identity/did-resolver.ts'
import { createHandleLookup, HandleBusyError } from './ingest/identity/handles.ts'
import type { GuardedFetch } from './outbound/guarded-fetch.ts'
import { isPublicHost } from './outbound/public-host.ts'
import { pagesRouter } from './pages/pages-router.ts'
import { createProse } from './pages/server/prose.ts'
import { startSearchMemory } from './start-search-memory.ts'
import { isOutdated, outdatedAdvice } from './store/index-version.ts'
import type { Catalog } from './store/open.ts'
import { ping, pingWrites, storeFault } from './store/ping.ts'
import type { IngestStatusSource } from './xrpc/admin/getIngestStatus.ts'
import { memoryTokenIds, redisTokenIds } from './xrpc/auth/token-ids.ts'
import { infoHashStream } from './xrpc/public/subscribeInfoHashes.ts'
import { recordStream } from './xrpc/public/subscribeRecords.ts'
import { createXrpcServer } from './xrpc/server.ts'
import { startBroadcast } from './xrpc/streams/broadcast.ts'

export interface InterfacesParts {
  catalog: Catalog
  config: AppViewConfig
  registry: Registry
  resolver: DidResolver
  guardedFetch: GuardedFetch
  version: string
  /**
   * The URL by which others reach this server. It is asked for with each request, because the port is known only once
   * it is open.
   */
  publicUrl: () => string
  /** What follows the network; undefined until it does, for the interfaces are open before that. */
  ingest: () => IngestStatusSource | undefined
  log: Logger
  /** Where decisions are kept beside the database. */
  journal?: DecisionJournal | undefined
  validateResponse?: boolean
  /** Interfaces beside the usual ones, asked first. */
  interfaces?: readonly RequestHandler[]
}

export interface Interfaces extends AsyncDisposable {
  readonly http: HttpServerParts
}

/** Everything the HTTP server serves, over one catalog. */
export async function startInterfaces(parts: InterfacesParts): Promise<Interfaces> {
  const { catalog, config, resolver, publicUrl, log } = parts
  const ingest = () => parts.ingest() ?? notYet
  const { db } = catalog
  await using stack = new AsyncDisposableStack()
  const redis = config.redisUrl === undefined ? undefined : openRedis(config.redisUrl, warnOnce(log))
  if (redis) {
    stack.defer(() => redis.disconnect())
    redis.once('ready', () => void warnOfPersistence(redis, log))
  }

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
    describe(config, {
      version: parts.version,
      publicUrl: publicUrl(),
      connected: await connectedHosts(ingest()),
    })
  const xrpc = createXrpcServer({
    db,
    memory,
    authorities: config.authorities,
    trackers: config.trackers,
    describe: describeSelf,
    totals,
    ingest: { status: () => ingest().status() },
    adminToken: config.adminToken,
    version: parts.version,
    journal: parts.journal,
    serviceAuth: {
      serviceDid: () => didOf(publicUrl()),
      serviceId,
      signingKeyOf: createKeyLookup(resolver),
      usedTokens: redis ? redisTokenIds(redis) : memoryTokenIds(),
    },
    streams: { infoHashes, records },
    gathering: config.gathering,
    validateResponse: parts.validateResponse ?? false,
  })
  const lookUp = createHandleLookup(parts.guardedFetch)
  // In development handles end in .test, which no DNS knows: the index asked the account's own server.
  const reservedHandle = async (handle: string) =>
    config.allowPrivateHosts ? resolveAccount(db, handle) : undefined
  const pages = pagesRouter({
    prose: stack.use(createProse()),
    db,
    memory,
    trackers: config.trackers,
    stunServers: config.stunServers,
    totals,
    describe: describeSelf,
    ingest: { status: () => ingest().status() },
    authorities: config.authorities,
    plcUrl: config.plcUrl,
    allowHttp: config.allowPrivateHosts,
    resolveHandle: async (handle, address) => {
      if (!isPublicHost(handle)) return reservedHandle(handle)
      const did = lookUp(handle, { kind: 'visitor', id: visitorOf(address) })
      return did.catch((error) => (error instanceof HandleBusyError ? 'busy' : Promise.reject(error)))
    },
    readDescription: blobReader(parts.guardedFetch, resolver, { maxBytes: 2_000_000, mostKept: 16 }),
    readPicture: blobReader(parts.guardedFetch, resolver, { maxBytes: 1_000_000, mostKept: 64 }),
    publicUrl,
    name: config.name,
    log,
  })
  const feeds = feedInterfaces({
    db,
    memory,
    trackers: config.trackers,
    publicUrl,
    name: config.name ?? 'Holdfast',
    version: parts.version,
    documents: stack.use(createDocumentWriter()),
    adminEmail: () => adminEmail(config, publicUrl()),
  })
  const resources = stack.move()
  return {
    http: {
      ...operatorsParts(parts, redis),
      xrpc,
      interfaces: [...(parts.interfaces ?? []), ...feeds, pages],
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

/** What the HTTP server of a process without the role `api` serves: health and metrics. */
export function operatorsInterfaces(parts: InterfacesParts): Interfaces {
  const http = { ...operatorsParts(parts, undefined), xrpc: undefined, interfaces: [] }
  return { http, async [Symbol.asyncDispose]() {} }
}

/** What the HTTP server of every process needs. */
function operatorsParts(
  parts: InterfacesParts,
  redis: Redis | undefined,
): Omit<HttpServerParts, 'xrpc' | 'interfaces'> {
  const { config, registry, publicUrl, version, log } = parts
  const { db } = parts.catalog
  const ingest = () => parts.ingest() ?? notYet
  return {
    health: {
      ping: () => ping(db),
      pingWrites: () => pingWrites(db),
      faultOf: storeFault,
      isStoring: () => ingest().isStoring?.(),
      advice: async () => ((await isOutdated(db)) ? outdatedAdvice : undefined),
      redis: redis && (() => redis.status === 'ready'),
      hosts: () => followedHosts(ingest()),
      version,
    },
    registry,
    rateLimit: { ...defaultRateLimit, redis, secret: config.adminToken ?? config.databaseUrl },
    isPublic: config.publicUrl !== undefined,
    adminToken: config.adminToken,
    maxStreams: config.maxStreams,
    publicUrl,
    trustedProxies: config.trustedProxies,
    log,
  }
}

/** OAI-PMH wants an address for mail; every host of mail has a postmaster (RFC 5321, section 4.5.1). */
function adminEmail({ abuseContact }: AppViewConfig, publicUrl: string): string {
  const isAddress = abuseContact !== undefined && /^[^\s@:]+@[^\s@]+$/.test(abuseContact)
  return isAddress ? abuseContact : `postmaster@${new URL(publicUrl).hostname}`
}

const notYet: IngestStatusSource = {
  status: async () => ({ hosts: [], listings: [], rejects: [], databaseOk: true, caughtUp: false }),
}

async function connectedHosts(ingest: IngestStatusSource): Promise<Set<string>> {
  const { hosts } = await ingest.status()
  return new Set(hosts.filter((host) => host.connected).map((host) => host.host))
}

async function followedHosts(ingest: IngestStatusSource) {
  const { hosts } = await ingest.status()
  return hosts.map(({ host, connected, lagMs, waiting, caughtUp }) => {
    return { host, connected, lagMs: lagMs ?? null, waiting, caughtUp }
  })
}

async function warnOfPersistence(redis: Redis, log: Logger): Promise<void> {
  const setting = await persistenceOf(redis)
  if (setting !== undefined)
    log.warn(
      { setting },
      'this Redis saves to disk how often hashed addresses asked: set save "" and appendonly no',
    )
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
