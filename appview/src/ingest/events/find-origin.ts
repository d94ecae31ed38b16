import { createBackoff } from '../../runtime/backoff.ts'
import type { IngestConfig } from '../ingest-config.ts'
import type { Origin } from '../source/source.ts'
import type { PdsClient } from '../state/pds-client.ts'

/** Asks the source until it answers: what describes itself as a server is a PDS, and is held to its own accounts. */
export async function findOrigin(
  host: string,
  { config, hosts, signal }: { config: IngestConfig; hosts: PdsClient; signal: AbortSignal },
): Promise<Origin> {
  const source = config.sources.find(({ url }) => new URL(url).host === host)!
  if (source.kind === 'jetstream') return { host, kind: 'relay' }
  const httpUrl = source.url.replace(/^ws/, 'http')
  const backoff = createBackoff(200, 30_000)
  while (!signal.aborted) {
    try {
      return { host, kind: (await hosts.isPds(httpUrl)) ? 'pds' : 'relay' }
    } catch {
      await backoff.pause(signal)
    }
  }
  return { host, kind: 'pds' }
}
