import { segmentSize } from '../segments/segment.ts'

/** Room for the work on one segment at a time, used again for each. */
export interface Scratch {
  /** Datasets that still match, ascending. */
  readonly docs: Uint16Array
  /** The score of each of `docs`. */
  readonly scores: Int32Array
  /** The weight of the words that each of `docs` holds. */
  readonly held: Int32Array
  /** By dataset, zero between uses: the score and the weight held. */
  readonly scoreOf: Int32Array
  readonly heldOf: Int32Array
}

/** Everything here runs to its end without waiting, so that one is enough for all. */
export const scratch: Scratch = {
  docs: new Uint16Array(segmentSize),
  scores: new Int32Array(segmentSize),
  held: new Int32Array(segmentSize),
  scoreOf: new Int32Array(segmentSize),
  heldOf: new Int32Array(segmentSize),
}
