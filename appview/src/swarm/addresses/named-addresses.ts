import type { Catalog } from '../../catalog/open.ts'
import { addProbeTargets, addTrackerTargets, type ProbeTarget } from '../../catalog/swarms/swarm-targets.ts'
import type { NamedAddresses } from '../metainfo/metainfo-check.ts'
import { namesPrivateHost } from '../private-host.ts'
import { normalizeTracker } from '../trackers/tracker-url.ts'

/** Remembers the trackers and webseeds that verified metainfo names; they are asked once its content is announced. */
export async function watchNamed(
  { db }: Catalog,
  contents: readonly (NamedAddresses & { infoHash: string })[],
  options: { allowPrivateHosts: boolean },
): Promise<void> {
  const trackers = contents.flatMap(({ infoHash, trackers }) => {
    const urls = new Set(trackers.flatMap((url) => normalizeTracker(url, options) ?? []))
    return [...urls].map((tracker) => ({ infoHash, tracker }))
  })
  await addTrackerTargets(db, trackers)
  const probes = contents.flatMap(({ infoHash, webSeeds }) =>
    webSeeds.map(({ url, kind }) => toProbe(options, infoHash, url, { kind, metainfo: true })),
  )
  await addProbeTargets(db, probes)
}

/** An address as it is to be watched; private ones are noted, and never asked. */
export function toProbe(
  { allowPrivateHosts }: { allowPrivateHosts: boolean },
  subject: string,
  url: string,
  detail: ProbeTarget['detail'],
): ProbeTarget {
  if (allowPrivateHosts || !namesPrivateHost(url)) return { subject, url, status: 'unchecked', detail }
  return { subject, url, status: 'skipped', detail: { ...detail, message: 'a private address' } }
}
