/**
 * One implementation of the steps of reading a stream up to the signature. Each step throws an Error unless its result
 * is correct; all frames are commits with one operation.
 */
export interface Reading<Commit> {
  /** Recognizes a frame of other records, all of which are in collections other than `com.example.`. */
  pass(frame: Uint8Array): void
  /** Decodes a complete frame. */
  decode(frame: Uint8Array): Commit
  /** Reads the CAR of a commit far enough to find each block by its CID. */
  openCar(commit: Commit): void
  /** Reads the CAR of a commit and checks the hash of each block. */
  checkBlocks(commit: Commit): void | Promise<void>
  /** Proves the operation of a commit, and by undoing it that it was the only one (atproto sync spec, "inductive firehose"). */
  prove(commit: Commit): void | Promise<void>
  /** Finds the record in the CAR by its proof, and decodes it. */
  findRecord(commit: Commit): void | Promise<void>
}

export const foreignPrefix = 'com.example.'
