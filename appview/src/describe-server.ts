import type { AppViewConfig } from './config.ts'
import { didOf } from './http/did-document.ts'
import { defaultResyncLimits } from './ingest/resync/resync-limits.ts'
import { indexedFiles } from './start-swarm.ts'
import type { ServerDescription } from './xrpc/public/describeServer.ts'

/** Makes the answer of `describeServer`. */
export function describe(
  config: AppViewConfig,
  now: { version: string; publicUrl: string; connected: ReadonlySet<string> },
): ServerDescription {
  return {
    did: didOf(now.publicUrl) as NonNullable<ServerDescription['did']>,
    ...(config.name && { name: config.name.slice(0, 100) }),
    version: now.version,
    url: now.publicUrl as NonNullable<ServerDescription['url']>,
    authorities: config.authorities.map((name) => ({ name })),
    admission: config.admission,
    ...(config.abuseContact && { contact: { abuse: config.abuseContact, operator: config.abuseContact } }),
    sources: config.sources.map(({ url, kind }) => ({
      url: url as ServerDescription['sources'][number]['url'],
      kind,
      connected: now.connected.has(new URL(url).host),
    })),
    trackers: config.trackers.map((url) => ({ url: url as ServerDescription['trackers'][number]['url'] })),
    limits: {
      recordBytes: 1_000_000,
      metainfoBytes: config.maxMetainfoBytes,
      indexedFiles: indexedFiles,
      recordsPerAccount: defaultResyncLimits.recordsPerAccount,
      queryBytes: 10_000,
      replayHours: Math.floor(config.replayMs / 3_600_000),
    },
  }
}
