import { segmentSize } from '../segments/segment.ts'

/** Room for the work on one segment at a time, used again for each. */
export interface Scratch {
  /** Datasets that still match, ascending. */
  readonly docs: Uint16Array
  /** The score of each of `docs`. */
  readonly scores: Int32Array
  /** The weight of the words that each of `docs` holds. */
  readonly matchedWeight: Int32Array
  /** By dataset, zero between uses: how many lists have it. */
  readonly listed: Uint16Array
}

/** Two lists are merged in place, and need room for both. */
const room = 2 * segmentSize

/** Everything here runs to its end without waiting, so that one is enough for all. */
export const scratch: Scratch = {
  docs: new Uint16Array(room),
  scores: new Int32Array(room),
  matchedWeight: new Int32Array(room),
  listed: new Uint16Array(segmentSize),
}
