import type { torrent } from '@holdfast/lexicons'
import type { DescribedDataset, DescribedTorrent } from '@holdfast/lexicons/vocabularies/described-dataset'
import { formatMagnet } from '@holdfast/torrent/magnet'

/** A dataset of a repo, with its record key. */
export interface ExportedDataset extends DescribedDataset {
  readonly rkey: string
}

/** A torrent record for an export, with its magnet link. */
export function describedTorrent(uri: string, record: torrent.Main): DescribedTorrent {
  const { infoHashV1, infoHashV2, name, sizeBytes, method } = record
  const magnet = formatMagnet({
    infoHashV1: infoHashV1 ?? null,
    infoHashV2: infoHashV2 ?? null,
    name,
    sizeBytes: sizeBytes ?? null,
    trackers: (record.trackers ?? []).map(({ url }) => url),
    webseeds: (record.webseeds ?? []).map(({ url }) => url),
  })
  return { uri, name, infoHashV1, infoHashV2, sizeBytes, magnet, method }
}
