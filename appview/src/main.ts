/** The AppView, put together. Read top to bottom, it is the flow from the network to the interfaces of the index. */
import { readFileSync } from 'node:fs'
import type { RequestHandler } from 'express'
import { type Logger, pino } from 'pino'
import { Counter, collectDefaultMetrics, Registry } from 'prom-client'
import { applyAdmissionPolicy } from './catalog/admission-policy.ts'
import { journalName, type OpenJournal, openDecisionJournal } from './catalog/decision-journal.ts'
import { type AppViewConfig, allRoles, urlHere } from './config.ts'
import { type HttpServer, startHttpServer } from './http/http-server.ts'
import { createDidResolver } from './ingest/identity/did-resolver.ts'
import { type Ingest, ingestElsewhere, startIngest } from './ingest/start-ingest.ts'
import { openOutbound } from './open-outbound.ts'
import { operatorsInterfaces, startInterfaces } from './start-interfaces.ts'
import { startSwarm } from './start-swarm.ts'
import { isOutdated, outdatedAdvice } from './store/index-version.ts'
import { type Catalog, openCatalog } from './store/open.ts'

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
  /** Interfaces beside the usual ones, asked first. */
  interfaces?: readonly RequestHandler[]
  /** Told when this AppView can do nothing any more, so that its process is to end (`runUntilStopped`). */
  onBroken?: () => void
}

export { runUntilStopped } from './runtime/run-until-stopped.ts'

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

  const catalog = parts.use(await openStore(config, { registry, log }))
  void catalog.lost?.then((err) => {
    log.fatal({ err }, 'the embedded database stopped working: this program ends, to be started again')
    overrides.onBroken?.()
  })
  const journal = await keepDecisions(catalog, config, log)
  if (journal) parts.use(journal)
  const { roles } = config
  if (roles.has('ingest')) await applyAdmissionPolicy(catalog.db, config.admission)
  if (await isOutdated(catalog.db)) log.warn(outdatedAdvice)
  const guardedFetch = openOutbound(config, { registry, userAgent: `holdfast/${version}` })
  const resolver = createDidResolver({
    plcUrl: config.plcUrl,
    guardedFetch,
    allowPrivateHosts: config.allowPrivateHosts,
  })

  let http: HttpServer | undefined
  let ingest: Ingest | undefined
  const publicUrl = () => config.publicUrl ?? `http://localhost:${http?.port ?? config.port}`
  const late = { publicUrl, ingest: () => ingest }
  const interfacesParts = {
    ...{ journal, catalog, config, registry, resolver, guardedFetch, version, log },
    ...late,
    ...overrides,
  }
  const interfaces = parts.use(
    roles.has('api') ? await startInterfaces(interfacesParts) : operatorsInterfaces(interfacesParts),
  )
  http = parts.use(await startHttpServer(config, interfaces.http))
  log.info(
    { url: publicUrl(), admission: config.admission, store: catalog.kind, roles: [...roles] },
    'the index is open',
  )

  const ingestParts = { db: catalog.db, config, guardedFetch, log, registry }
  ingest = parts.use(roles.has('ingest') ? startIngest(ingestParts) : ingestElsewhere(ingestParts))
  if (roles.has('swarms')) parts.use(startSwarm({ catalog, config, guardedFetch, resolver, registry, log }))

  const running = parts.move()
  return {
    url: urlHere(config.host, http.port),
    publicUrl: publicUrl(),
    port: http.port,
    catalog,
    ingest,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** PostgreSQL has its own log and backups; beside the embedded database the decisions are in a file of their own. */
async function keepDecisions(
  { db, kind }: Catalog,
  config: AppViewConfig,
  log: Logger,
): Promise<OpenJournal | undefined> {
  if (kind !== 'pglite') return undefined
  const journal = await openDecisionJournal(config.dataDir, db)
  const { takenOver } = journal
  if (takenOver > 0)
    log.warn(
      { decisions: takenOver, file: journalName },
      'decisions that the database lacked were taken from their file',
    )
  return journal
}

function openStore(
  config: AppViewConfig,
  { registry, log }: { registry: Registry; log: Logger },
): Promise<Catalog> {
  const sides =
    config.databaseReplicaUrl === undefined
      ? undefined
      : new Counter({
          name: 'holdfast_replica_requests_total',
          help: 'Requests that read from the database, by the server that answered: the replica, or the primary while the replica lags',
          labelNames: ['server'],
          registers: [registry],
        })
  return openCatalog({
    databaseUrl: config.databaseUrl,
    databaseSessionUrl: config.databaseSessionUrl,
    databaseReplicaUrl: config.databaseReplicaUrl,
    onSide: (server) => sides?.inc({ server }),
    onReplicaAway: (err) =>
      log.warn({ err }, 'the replica does not answer: the primary answers every request until it does'),
    dataDir: config.dataDir,
    // A lone process is upgraded by being replaced; of several, none may change the schema before the operator wants it.
    migrates: config.roles.size === allRoles.length,
    onMovedAside: (movedTo, err) =>
      log.error(
        { err, movedTo },
        'the embedded database could not be read: it was moved aside, and the index is gathered anew',
      ),
  })
}
