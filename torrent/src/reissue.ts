import { findKey, kindAt, valueEnd } from './bencode.ts'
import { MetainfoError } from './metainfo/metainfo-error.ts'
import type { Envelope, Metainfo } from './metainfo.ts'
import { type OuterOptions, wrapInfo } from './outer-fields.ts'

/**
 * Writes a `.torrent` again with other fields around its `info`; the bytes of `info` and its piece layers stay as they
 * are. Fields that are not given keep the file's value; those that are given replace it completely.
 */
export function reissueMetainfo(metainfo: Envelope, changes: OuterOptions): Uint8Array {
  const { bytes } = metainfo
  const layersAt = findKey(bytes, 0, 'piece layers')
  const hasLayers = layersAt >= 0 && kindAt(bytes, layersAt) === 'dictionary'
  const kept: OuterOptions = {
    trackers: metainfo.trackers,
    webseeds: metainfo.webseeds,
    ...(metainfo.comment !== null && { comment: metainfo.comment }),
    ...(metainfo.createdBy !== null && { createdBy: metainfo.createdBy }),
    ...(metainfo.creationDate !== null && { creationDate: metainfo.creationDate }),
  }
  const streams = {
    info: () => [metainfo.infoBytes],
    pieceLayers: !hasLayers ? null : () => [bytes.subarray(layersAt, valueEnd(bytes, layersAt))],
  }
  return Buffer.concat([...wrapInfo({ ...kept, ...changes }, streams)])
}

/**
 * Merges several `.torrent`s with the same `info`: the result has the trackers (tiers of later files follow) and
 * webseeds of all of them, the piece layers of any that has them, and the other fields of the first. Throws
 * MetainfoError if the infos differ.
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
  const webseeds = new Map(
    all.flatMap((file) => file.webseeds.map((seed) => [`${seed.kind} ${seed.url}`, seed])),
  )
  const withLayers = all.find(({ hasPieceLayers }) => hasPieceLayers) ?? first
  const { comment, createdBy, creationDate } = first
  return reissueMetainfo(withLayers, {
    trackers,
    webseeds: [...webseeds.values()],
    comment: comment ?? '',
    createdBy: createdBy ?? '',
    ...(creationDate !== null && { creationDate }),
  })
}
