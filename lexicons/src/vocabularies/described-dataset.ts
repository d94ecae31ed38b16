import type { dataset } from '../index.ts'

/** Gives the address by which a description refers to a record; its AT-URI if it has no other. */
export type NameOf = (uri: string) => string

/** A dataset with the torrents that contain it, which is the input of the mappings to other vocabularies. */
export interface DescribedDataset {
  /** The AT-URI of the record. */
  readonly uri: string
  readonly record: dataset.Main
  /** The full description, which replaces the one in the record, if it is in a blob. */
  readonly description?: string | undefined
  readonly torrents: readonly DescribedTorrent[]
}

export interface DescribedTorrent {
  /** The AT-URI of the torrent record. */
  readonly uri: string
  readonly name: string
  /** Infohashes, 40 and 64 lowercase hexadecimal digits. */
  readonly infoHashV1?: string | undefined
  readonly infoHashV2?: string | undefined
  readonly sizeBytes?: number | undefined
  readonly magnet: string
  /** The web address of the `.torrent` file. */
  readonly fileUrl?: string | undefined
  /** How the files were gathered, in words. */
  readonly method?: string | undefined
}
