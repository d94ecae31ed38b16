/**
 * Finds the addresses to check in records: at the start in all of them, then in those that change. Addresses that a private
 * torrent names are never asked (BEP 27).
 */

import { settle } from '../../catalog/derive/settle.ts'
import { createTouched } from '../../catalog/derive/touched.ts'
import { dhtSource } from '../../catalog/swarms/contents.ts'
import {
  addProbeTargets,
  addTrackerTargets,
  addWarning,
  type NamingRecord,
  type ProbeTarget,
  readChangedSince,
  readNamingPage,
  readNamingRecords,
  readUnwatchedWebseeds,
} from '../../catalog/swarms/targets.ts'
import type { Catalog } from '../../store/open.ts'
import { normalizeTracker } from '../trackers/tracker-url.ts'
import { toProbe } from './named-addresses.ts'

export interface DiscoveryParts {
  catalog: Catalog
  allowPrivateHosts: boolean
  /** Whether the DHT is asked in addition to trackers. */
  asksDht: boolean
  /** Whether a tracker is one of our own, whose counts are read differently. */
  isOwnTracker: (url: string) => boolean
  signal: AbortSignal
  /** Called when new addresses were found. */
  onFound: () => void
}

const pageSize = 1_000
/** How often all records are read again, in case a change was missed. */
const sweepEveryMs = 24 * 3_600_000

/** Makes the round that looks for new addresses. */
export function createDiscoveryRound(parts: DiscoveryParts): () => Promise<void> {
  const { db } = parts.catalog
  let place: { epoch: string; seq: number } | undefined
  let sweptAt = Number.NEGATIVE_INFINITY
  return async () => {
    const changed = await readChangedSince(db, place)
    if (changed.uris === 'all' || performance.now() - sweptAt > sweepEveryMs) {
      await sweep(parts)
      sweptAt = performance.now()
    } else {
      for (let i = 0; i < changed.uris.length; i += pageSize)
        await watch(parts, await readNamingRecords(db, changed.uris.slice(i, i + pageSize)))
    }
    place = changed.place
    await watchNewWebseeds(parts)
  }
}

async function sweep(parts: DiscoveryParts): Promise<void> {
  let after = 0
  while (!parts.signal.aborted) {
    const records = await readNamingPage(parts.catalog.db, { after, limit: pageSize })
    await watch(parts, records)
    if (records.length < pageSize) return
    after = records.at(-1)!.id
  }
}

async function watchNewWebseeds(parts: DiscoveryParts): Promise<void> {
  while (!parts.signal.aborted) {
    const records = await readUnwatchedWebseeds(parts.catalog.db, pageSize)
    await watch(parts, records)
    if (records.length < pageSize) return
  }
}

async function watch(parts: DiscoveryParts, records: readonly NamingRecord[]): Promise<void> {
  if (records.length === 0) return
  const { db } = parts.catalog
  const trackers = records.flatMap((record) => trackersOf(parts, record))
  await addTrackerTargets(db, trackers)
  const probes = records.flatMap((record) => probesOf(parts, record).map((target) => ({ record, target })))
  await addProbeTargets(
    db,
    probes.map(({ target }) => target),
  )
  const skipped = probes.filter(({ target }) => target.status === 'skipped').map(({ record }) => record)
  const urisOf = (isDataset: boolean) =>
    skipped.filter(({ kind }) => (kind === 'dataset') === isDataset).map(({ uri }) => uri)
  await addWarning(db, urisOf(false), 'private-webseed-dropped')
  await addWarning(db, urisOf(true), 'private-source-skipped')
  const datasets = records.filter(({ kind }) => kind === 'dataset').map(({ uri }) => uri)
  await settle(db, createTouched({ probedDatasetUris: datasets }))
  if (trackers.length > 0 || probes.length > 0) parts.onFound()
}

function trackersOf(parts: DiscoveryParts, { infoHash, value, ...record }: NamingRecord) {
  if (infoHash === null || record.private) return []
  const named = (value.trackers ?? []).flatMap(({ url }) => {
    const tracker = normalizeTracker(url, parts)
    return tracker && !parts.isOwnTracker(tracker) ? [{ infoHash, tracker, by: { recordId: record.id } }] : []
  })
  // The DHT comes first, so that no number of trackers can displace it.
  return parts.asksDht && record.kind === 'torrent' ? [{ infoHash, tracker: dhtSource }, ...named] : named
}

function probesOf(parts: DiscoveryParts, record: NamingRecord): ProbeTarget[] {
  const { kind, value, infoHash } = record
  if (kind === 'dataset') {
    const sources = (value.sources ?? []).map(({ url }) => toProbe(parts, record.uri, url, {}))
    const homepage = value.homepage ? [toProbe(parts, record.uri, value.homepage, { homepage: true })] : []
    return [...sources, ...homepage]
  }
  if (infoHash === null || record.private) return []
  const seeds = kind === 'webseed' ? [{ url: value.url!, kind: value.kind }] : (value.webseeds ?? [])
  return seeds.map((seed) => ({
    ...toProbe(parts, infoHash, seed.url, { kind: seed.kind ?? 'bep19' }),
    by: { recordId: record.id },
  }))
}
