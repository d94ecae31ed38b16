import { type Encodable, encode } from './bencode-tree.ts'
import type { Tracker, WebSeed } from './metainfo/outer.ts'

/** What stands around `info` in a new `.torrent`; none of it is in the infohash. */
export interface OuterOptions {
  readonly trackers?: readonly Tracker[]
  readonly webSeeds?: readonly WebSeed[]
  readonly comment?: string
  readonly createdBy?: string
  /** Seconds since 1970; left out unless given, so that the same input makes the same file. */
  readonly creationDate?: number
}

/** Values that are written as they come, bit by bit. */
export interface OuterStreams {
  readonly info: () => Iterable<Uint8Array>
  readonly pieceLayers: (() => Iterable<Uint8Array>) | null
}

/** Writes a `.torrent` around an `info` (BEP 3, 12, 17, 19), keys in the order that bencode demands. */
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

/** The bencoded fields around `info`; absent ones are not in the map. */
export function outerFields(outer: OuterOptions): Map<string, Encodable> {
  const fields = new Map<string, Encodable>()
  const trackers = tiersOf(outer.trackers ?? [])
  if (trackers.length > 0) fields.set('announce', trackers[0]![0]!)
  if (trackers.flat().length > 1) fields.set('announce-list', trackers)
  if (outer.comment) fields.set('comment', outer.comment)
  if (outer.createdBy) fields.set('created by', outer.createdBy)
  if (outer.creationDate !== undefined) fields.set('creation date', outer.creationDate)
  const urls = (kind: WebSeed['kind']) =>
    (outer.webSeeds ?? []).filter((seed) => seed.kind === kind).map(({ url }) => url)
  if (urls('bep17').length > 0) fields.set('httpseeds', urls('bep17'))
  if (urls('bep19').length > 0) fields.set('url-list', urls('bep19'))
  return fields
}

/** The tiers of BEP 12 in order, without gaps. */
function tiersOf(trackers: readonly Tracker[]): string[][] {
  const tiers = Map.groupBy(trackers, ({ tier }) => tier)
  return [...tiers].sort(([a], [b]) => a - b).map(([, tier]) => tier.map(({ url }) => url))
}
