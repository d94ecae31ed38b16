import type { defs } from '@holdfast/lexicons'
import type { DescribedDataset } from '@holdfast/lexicons/vocabularies/described-dataset'

/** A dataset in the form that the mappings to other vocabularies take, with what this index knows about its record. Plain data. */
export interface Described extends DescribedDataset {
  readonly author: defs.AuthorView
  /** When this index first saw the record. */
  readonly indexedAt: string
  /** The URL of the dataset's page. */
  readonly page: string
  /** The URL of each torrent's page, by the torrent's AT-URI. */
  readonly torrentPages: Readonly<Record<string, string>>
}
