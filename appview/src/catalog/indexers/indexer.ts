import type { Db } from '../sql.ts'

/** A valid record that was just written to `catalog.record`. */
export interface IndexedRecord {
  id: number
  uri: string
  did: string
  value: Record<string, unknown>
}

/** Keeps the projection of one kind of record. */
export interface Indexer {
  /** Writes the rows of records whose old rows are already removed. `visible` is that of the record. */
  write(tx: Db, records: readonly IndexedRecord[]): Promise<void>
  /** Removes the rows of these record ids, and says what they pointed at. */
  remove(tx: Db, ids: readonly number[]): Promise<{ contentIds?: number[]; datasetUris?: string[] }>
}
