import type { Db } from '../../store/sql.ts'
import type { Touched } from '../derive/touched.ts'

/** A valid record that was just written to `catalog.record`. */
export interface IndexedRecord {
  id: number
  uri: string
  did: string
  value: Record<string, unknown>
}

/** Maintains the projection of one kind of record: the rows that are derived from it. */
export interface Indexer {
  /**
   * Writes the rows of records, whose old rows have been removed, and adds to `touched` what depends on them. `visible` is
   * the record's flag. The records themselves are in `touched` already.
   */
  write(tx: Db, records: readonly IndexedRecord[], touched: Touched): Promise<void>
  /** Removes the rows of these record ids, and adds to `touched` what depends on them. */
  remove(tx: Db, ids: readonly number[], touched: Touched): Promise<void>
}
