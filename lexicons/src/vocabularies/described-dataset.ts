import type { dataset } from '../index.ts'

/** The address by which a description names a record; its AT-URI where it has no other. */
export type NameOf = (uri: string) => string

/** A dataset with the torrents that hold it, as the mappings to other vocabularies take it. */
export interface DescribedDataset {
  /** The AT-URI. */
  readonly uri: string
  readonly record: dataset.Main
  /** In place of the record's own: the whole of it where that is a blob. */
  readonly description?: string | undefined
  readonly torrents: readonly DescribedTorrent[]
}

export interface DescribedTorrent {
  /** The AT-URI. */
  readonly uri: string
  readonly name: string
  /** 40 and 64 lowercase hexadecimal digits. */
  readonly infoHashV1?: string | undefined
  readonly infoHashV2?: string | undefined
  readonly sizeBytes?: number | undefined
  readonly magnet: string
  /** Where the `.torrent` file can be had over the web. */
  readonly fileUrl?: string | undefined
  /** How the files were gathered, in words. */
  readonly method?: string | undefined
}
