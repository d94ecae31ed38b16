import type { Metainfo } from '@holdfast/torrent/metainfo'
import type { RecordJson } from '../records/repo.ts'

/** A torrent that another index lists for one of its datasets. */
export interface ListedTorrent {
  /** Its infohashes, v1 or v2, in lowercase hex; the `.torrent` must have them all. */
  readonly infoHashes: readonly string[]
  /** The address of the `.torrent`; undefined if the index is a file that does not say where it came from. */
  readonly url: string | undefined
  /** Reads the `.torrent` where it is on this machine. */
  readonly read?: () => Promise<Metainfo>
  /** The trackers of a torrent whose `.torrent` nobody serves, so that it has to be had from the swarm by its v1 infohash. */
  readonly trackers?: readonly string[]
  /** Webseeds that the index names beside those in the file. */
  readonly webseeds: readonly string[]
  /** How the files were gathered and where the torrent was found, for the record. */
  readonly about: RecordJson
}
