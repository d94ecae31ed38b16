import { type Encodable, encode } from './bencode-tree.ts'
import type { Tracker, Webseed } from './metainfo/outer.ts'

/** The fields around `info` in a new `.torrent`; none of them affects the infohash. */
export interface OuterOptions {
  readonly trackers?: readonly Tracker[]
  readonly webseeds?: readonly Webseed[]
  readonly comment?: string
  readonly createdBy?: string
  /** Seconds since 1970; left out by default, so that the same input makes the same file. */
  readonly creationDate?: number
}

/** Values that are written chunk by chunk as they are produced. */
export interface OuterStreams {
  readonly info: () => Iterable<Uint8Array>
  readonly pieceLayers: (() => Iterable<Uint8Array>) | null
}

/** Writes a `.torrent` around an `info` (BEP 3, 12, 17, 19), with the keys in the order that bencode requires. */
export function* wrapInfo(outer: OuterOptions, streams: OuterStreams): Generator<Uint8Array> {
  const fields = outerFields(outer)
  yield Buffer.from('d')
  for (const key of [...fields.keys(), 'info', ...(streams.pieceLayers ? ['piece layers'] : [])].sort()) {
    yield encode(key)
    if (key === 'info') yield* streams.info()
    else if (key === 'piece layers' && streams.pieceLayers) yield* streams.pieceLayers()
    else yield encode(fields.get(key)!)
  }
  yield Buffer.from('e')
}

/** The bencoded fields around `info`; absent fields are not in the map. */
export function outerFields(outer: OuterOptions): Map<string, Encodable> {
  const fields = new Map<string, Encodable>()
  const trackers = tiersOf(outer.trackers ?? [])
  if (trackers.length > 0) fields.set('announce', trackers[0]![0]!)
  if (trackers.flat().length > 1) fields.set('announce-list', trackers)
  if (outer.comment) fields.set('comment', outer.comment)
  if (outer.createdBy) fields.set('created by', outer.createdBy)
  if (outer.creationDate !== undefined) fields.set('creation date', outer.creationDate)
  const urls = (kind: Webseed['kind']) =>
    (outer.webseeds ?? []).filter((seed) => seed.kind === kind).map(({ url }) => url)
  if (urls('bep17').length > 0) fields.set('httpseeds', urls('bep17'))
  if (urls('bep19').length > 0) fields.set('url-list', urls('bep19'))
  return fields
}

/** The tiers of BEP 12 in order, without empty ones. */
function tiersOf(trackers: readonly Tracker[]): string[][] {
  const tiers = Map.groupBy(trackers, ({ tier }) => tier)
  return [...tiers].sort(([a], [b]) => a - b).map(([, tier]) => tier.map(({ url }) => url))
}
