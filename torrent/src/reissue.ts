import { findKey, valueEnd } from './bencode.ts'
import { MetainfoError } from './metainfo/metainfo-error.ts'
import type { Metainfo } from './metainfo.ts'
import { type OuterOptions, wrapInfo } from './outer-fields.ts'

/**
 * Writes a `.torrent` again with other fields around its `info`, whose bytes and piece layers stay as they are. Fields not
 * given keep what the file said; those given replace it whole.
 */
export function reissueMetainfo(metainfo: Metainfo, changes: OuterOptions): Uint8Array {
  const { bytes } = metainfo
  const layersAt = metainfo.infoHashV2 ? findKey(bytes, 0, 'piece layers') : -1
  const kept: OuterOptions = {
    trackers: metainfo.trackers,
    webSeeds: metainfo.webSeeds,
    ...(metainfo.comment !== null && { comment: metainfo.comment }),
    ...(metainfo.createdBy !== null && { createdBy: metainfo.createdBy }),
    ...(metainfo.creationDate !== null && { creationDate: metainfo.creationDate }),
  }
  const streams = {
    info: () => [metainfo.infoBytes],
    pieceLayers: layersAt < 0 ? null : () => [bytes.subarray(layersAt, valueEnd(bytes, layersAt))],
  }
  return Buffer.concat([...wrapInfo({ ...kept, ...changes }, streams)])
}

/**
 * One `.torrent` from several of the same `info`: the trackers (tiers of later files follow) and webseeds of all, the rest
 * of the first, and the piece layers of whichever has them. Throws MetainfoError when the infos differ.
 */
export function mergeMetainfo(first: Metainfo, ...others: readonly Metainfo[]): Uint8Array {
  for (const other of others)
    if (Buffer.compare(first.infoBytes, other.infoBytes) !== 0)
      throw new MetainfoError('info', 'is not the same in the files to merge')
  const all = [first, ...others]
  const trackers: { url: string; tier: number }[] = []
  for (const { trackers: theirs } of all) {
    const base = trackers.length === 0 ? 0 : Math.max(...trackers.map(({ tier }) => tier)) + 1
    for (const { url, tier } of theirs)
      if (!trackers.some((known) => known.url === url)) trackers.push({ url, tier: base + tier })
  }
  const webSeeds = new Map(
    all.flatMap((file) => file.webSeeds.map((seed) => [`${seed.kind} ${seed.url}`, seed])),
  )
  const withLayers = all.find(({ hasPieceLayers }) => hasPieceLayers) ?? first
  const { comment, createdBy, creationDate } = first
  return reissueMetainfo(withLayers, {
    trackers,
    webSeeds: [...webSeeds.values()],
    comment: comment ?? '',
    createdBy: createdBy ?? '',
    ...(creationDate !== null && { creationDate }),
  })
}
