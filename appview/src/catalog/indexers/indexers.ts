import { assessmentIndexer } from './assessment.ts'
import { claimIndexer } from './claim.ts'
import { datasetIndexer } from './dataset.ts'
import type { Indexer } from './indexer.ts'
import { partIndexer } from './part.ts'
import { profileIndexer } from './profile.ts'
import { torrentIndexer } from './torrent.ts'
import { webseedIndexer } from './webseed.ts'

/** The indexer of each record type. Records of other types are only stored in `catalog.record`, and found by URI. */
export const indexers: Readonly<Record<string, Indexer>> = {
  dataset: datasetIndexer,
  torrent: torrentIndexer,
  webseed: webseedIndexer,
  assessment: assessmentIndexer,
  profile: profileIndexer,
  part: partIndexer,
  claim: claimIndexer,
}
