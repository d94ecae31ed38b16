/** The pages over a catalog that a test fills, without a network. */

import { applyAdmissionPolicy } from '@holdfast/appview/catalog/admission-policy'
import { loadConfig } from '@holdfast/appview/config'
import { type HttpServer, startHttpServer } from '@holdfast/appview/http/http-server'
import { createDidResolver } from '@holdfast/appview/ingest/identity/did-resolver'
import { createGuardedFetch } from '@holdfast/appview/outbound/guarded-fetch'
import { startInterfaces } from '@holdfast/appview/start-interfaces'
import { type Catalog, openCatalog } from '@holdfast/appview/store/open'
import { pino } from 'pino'
import { Registry } from 'prom-client'

export interface Site extends AsyncDisposable {
  readonly url: string
  readonly catalog: Catalog
}

export interface SiteOptions {
  databaseUrl?: string
  env?: Record<string, string>
  /** Keeps the catalog's flags of visibility as they are. */
  keepAdmission?: boolean
}

/** Opens all HTTP interfaces of an AppView over an empty catalog in memory, and allows everything. */
export async function startSite(options: SiteOptions = {}): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  const catalog = stack.use(await openCatalog({ databaseUrl: options.databaseUrl }))
  if (!options.keepAdmission) await applyAdmissionPolicy(catalog.db, 'open')
  const config = loadConfig({
    HOLDFAST_ADMISSION: 'open',
    HOLDFAST_PORT: '0',
    HOLDFAST_ABUSE_CONTACT: 'abuse@holdfast.example',
    HOLDFAST_TRACKERS:
      'https://tracker.holdfast.example/announce,udp://tracker.holdfast.example:6969/announce',
    ...options.env,
  })
  const guardedFetch = createGuardedFetch({ allowPrivateHosts: false, userAgent: 'holdfast-test' })
  const resolver = createDidResolver({ plcUrl: 'http://127.0.0.1:1', guardedFetch, allowPrivateHosts: false })
  const log = pino({ level: 'warn' }, pino.destination(2))
  let http: HttpServer | undefined
  const interfaces = stack.use(
    await startInterfaces({
      catalog,
      config,
      registry: new Registry(),
      resolver,
      guardedFetch,
      version: '0.0.0',
      publicUrl: () => config.publicUrl ?? `http://localhost:${http?.port ?? 0}`,
      ingest: () => undefined,
      log,
    }),
  )
  http = stack.use(await startHttpServer({ port: 0 }, interfaces.http))
  const resources = stack.move()
  return {
    url: `http://127.0.0.1:${http.port}`,
    catalog,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
