/**
 * Everything that is derived from written rows, in one ordered list. A transaction that writes to the catalog collects what
 * it touched and calls {@link settle} once, before it ends. Settling again changes nothing.
 */
import type { Db } from '../../store/sql.ts'
import { refreshAnnounced } from './announced.ts'
import { refreshAssessed } from './assessed.ts'
import { regroup } from './cards.ts'
import { noteTorrentChanges } from './dataset-changes.ts'
import { refreshDatasetCounts } from './dataset-counts.ts'
import { refreshGathering } from './gathering.ts'
import { dropOrphanContents } from './orphans.ts'
import { refreshSourceStatus } from './source-status.ts'
import { appendTouched } from './streams.ts'
import { refreshTorrentCodes } from './torrent-codes.ts'
import type { Touched } from './touched.ts'
import { refreshVisibility } from './visibility.ts'

/** The derivations in order. Each may touch more rows for the later ones. Its comment names what it writes. */
const derivations: readonly ((tx: Db, touched: Touched) => Promise<void>)[] = [
  // `record.visible` and its copies, and when the metainfo of newly admitted records is due.
  refreshVisibility,
  // `torrent.codes`, from the names and paths of files.
  refreshTorrentCodes,
  // `dataset.risks`, `scarcities`, `deadline` and their codes.
  refreshAssessed,
  // `dataset.group_id`, by which descriptions are one card.
  regroup,
  // `content.announced`, and the allow-list stream.
  refreshAnnounced,
  // `content`: deletes contents that no torrent names.
  dropOrphanContents,
  // `torrent.seeders`, `torrent.wanted`, `dataset.torrent_count`, `seeders` and `size_bytes`.
  refreshDatasetCounts,
  // `part.open_to`, `state`, `attempts` and `deadline`.
  refreshGathering,
  // `dataset.source_status`.
  refreshSourceStatus,
  // `dataset_change`, for changes of torrents; a trigger writes it for changes of the dataset itself.
  noteTorrentChanges,
  // The record stream.
  appendTouched,
]

/** Runs all derivations for what was touched. Resolves with how many records were shown or hidden by it. */
export async function settle(tx: Db, touched: Touched): Promise<number> {
  for (const derive of derivations) await derive(tx, touched)
  return touched.flipped.length
}
