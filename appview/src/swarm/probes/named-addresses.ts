import { addProbeTargets, addTrackerTargets, type ProbeTarget } from '../../catalog/swarms/targets.ts'
import { namesPrivateHost } from '../../outbound/public-host.ts'
import type { Db } from '../../store/sql.ts'
import { normalizeTracker } from '../trackers/tracker-url.ts'

/** Addresses that the metainfo itself names, as written there. Those of a private torrent are never asked. */
export interface NamedAddresses {
  trackers: string[]
  webseeds: { url: string; kind: string }[]
}

/** Stores the trackers and webseeds that verified metainfo names; they are asked once its content is announced. */
export async function watchNamed(
  db: Db,
  contents: readonly (NamedAddresses & { infoHash: string; metainfoCid: string })[],
  options: { allowPrivateHosts: boolean },
): Promise<void> {
  const trackers = contents.flatMap(({ infoHash, metainfoCid, trackers }) => {
    const urls = new Set(trackers.flatMap((url) => normalizeTracker(url, options) ?? []))
    return [...urls].map((tracker) => ({ infoHash, tracker, by: { metainfoCid } }))
  })
  await addTrackerTargets(db, trackers)
  const probes = contents.flatMap(({ infoHash, metainfoCid, webseeds }) =>
    webseeds.map(({ url, kind }) => ({
      ...toProbe(options, infoHash, url, { kind, metainfo: true }),
      by: { metainfoCid },
    })),
  )
  await addProbeTargets(db, probes)
}

/** Makes an address to probe. A private address is stored too, but never asked. */
export function toProbe(
  { allowPrivateHosts }: { allowPrivateHosts: boolean },
  subject: string,
  url: string,
  detail: ProbeTarget['detail'],
): ProbeTarget {
  if (allowPrivateHosts || !namesPrivateHost(url)) return { subject, url, status: 'unchecked', detail }
  return { subject, url, status: 'skipped', detail: { ...detail, message: 'a private address' } }
}
