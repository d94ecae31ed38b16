/** The AppView, put together. Read top to bottom, it is the flow from the network to the faces of the index. */
import { readFileSync } from 'node:fs'
import type { RequestHandler } from 'express'
import { type Logger, pino } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { type Catalog, openCatalog } from './catalog/open.ts'
import { applyAdmissionPolicy } from './catalog/visibility.ts'
import type { AppViewConfig } from './config.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import { startHttpServer } from './http-server.ts'
import { createDidResolver } from './ingest/identity/did-resolver.ts'
import { type Ingest, startIngest } from './ingest/start-ingest.ts'
import { startFaces } from './start-faces.ts'
import { startSwarm } from './start-swarm.ts'

export interface AppView extends AsyncDisposable {
  /** Where this process answers on this machine. */
  readonly url: string
  /** The address others know it by. */
  readonly publicUrl: string
  readonly port: number
  readonly catalog: Catalog
  readonly ingest: Ingest
}

/** What a test or another program may put in place of the usual. */
export interface AppViewOverrides {
  log?: Logger
  /** Checks every answer against its lexicon. */
  validateResponse?: boolean
  /** Faces beside the usual ones, asked first. */
  faces?: readonly RequestHandler[]
}

export { runUntilStopped } from './run-until-stopped.ts'

/** The version of this software. */
export const version: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version

/**
 * Starts an AppView; disposing of it stops it in reverse, and lets what is under way finish.
 *
 * @throws Error that says what to change: a port in use, a database that cannot be reached, a directory in use
 */
export async function startAppView(
  config: AppViewConfig,
  overrides: AppViewOverrides = {},
): Promise<AppView> {
  const log = overrides.log ?? pino({ name: 'appview', level: config.logLevel })
  await using parts = new AsyncDisposableStack()
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })

  const catalog = parts.use(await openStore(config, log))
  await applyAdmissionPolicy(catalog.db, config.admission)
  const guardedFetch = createGuardedFetch({
    allowPrivateHosts: config.allowPrivateHosts,
    userAgent: `holdfast/${version}`,
  })
  const resolver = createDidResolver({
    plcUrl: config.plcUrl,
    guardedFetch,
    allowPrivateHosts: config.allowPrivateHosts,
  })

  const faces = parts.use(
    await startFaces({ catalog, config, registry, resolver, guardedFetch, version, log, ...overrides }),
  )
  const http = parts.use(await startHttpServer(config.port, faces.http))
  const publicUrl = faces.openedAt(http.port)
  log.info({ url: publicUrl, admission: config.admission, store: catalog.kind }, 'the index is open')

  const ingest = parts.use(startIngest({ db: catalog.db, config, guardedFetch, log, registry }))
  faces.follow(ingest)
  parts.use(startSwarm({ catalog, config, guardedFetch, resolver, registry, log }))

  const running = parts.move()
  return {
    url: `http://127.0.0.1:${http.port}`,
    publicUrl,
    port: http.port,
    catalog,
    ingest,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function openStore(config: AppViewConfig, log: Logger): Promise<Catalog> {
  return openCatalog({
    databaseUrl: config.databaseUrl,
    dataDir: config.dataDir,
    onMovedAside: (movedTo, err) =>
      log.error(
        { err, movedTo },
        'the embedded database could not be read: it was moved aside, and the index is gathered anew',
      ),
  })
}
