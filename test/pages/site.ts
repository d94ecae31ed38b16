/** The pages over a catalogue that a test fills, without a network behind it. */

import { type Catalog, openCatalog } from '@holdfast/appview/catalog/open'
import { applyAdmissionPolicy } from '@holdfast/appview/catalog/visibility'
import { loadConfig } from '@holdfast/appview/config'
import { createGuardedFetch } from '@holdfast/appview/guarded-fetch'
import { startHttpServer } from '@holdfast/appview/http-server'
import { createDidResolver } from '@holdfast/appview/ingest/identity/did-resolver'
import { startFaces } from '@holdfast/appview/start-faces'
import { pino } from 'pino'
import { Registry } from 'prom-client'

export interface Site extends AsyncDisposable {
  readonly url: string
  readonly catalog: Catalog
}

export interface SiteOptions {
  databaseUrl?: string
  env?: Record<string, string>
  /** The catalogue's visible flags stand as they are. */
  keepAdmission?: boolean
}

/** Opens every face of an AppView over an empty catalogue in memory, and lets everything in. */
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
  const faces = stack.use(
    await startFaces({
      catalog,
      config,
      registry: new Registry(),
      resolver,
      guardedFetch,
      version: '0.0.0',
      log,
    }),
  )
  const http = stack.use(await startHttpServer(0, faces.http))
  faces.openedAt(http.port)
  const resources = stack.move()
  return {
    url: `http://127.0.0.1:${http.port}`,
    catalog,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
