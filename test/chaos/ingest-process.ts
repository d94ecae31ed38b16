/** The process that the chaos test kills: only ingest, on the given store. It reports its state every second. */

import { startIngest } from '@holdfast/appview/ingest/start-ingest'
import { createGuardedFetch } from '@holdfast/appview/outbound/guarded-fetch'
import { openCatalog } from '@holdfast/appview/store/open'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { pino } from 'pino'

interface Orders {
  sources: string[]
  plcUrl: string
  databaseUrl?: string
  dataDir?: string
}

const { sources, plcUrl, databaseUrl, dataDir } = JSON.parse(process.argv[2]!) as Orders
const catalog = await openCatalog({ databaseUrl, dataDir })
const ingest = startIngest({
  db: catalog.db,
  config: {
    sources: sources.map((url) => ({ kind: 'firehose', url })),
    authorities: defaultAuthorities,
    plcUrl,
    allowPrivateHosts: true,
    databaseUrl,
    firstRetryMs: 300,
    reconcileMs: 20_000,
  },
  guardedFetch: createGuardedFetch({ allowPrivateHosts: true }),
  log: pino({ level: process.env.HOLDFAST_LOG_LEVEL ?? 'error' }, pino.destination(2)),
})
const say = () =>
  console.log(
    JSON.stringify({ leading: ingest.leading, events: ingest.metrics.events, ...ingest.metrics.resyncs }),
  )
setInterval(say, 100)
