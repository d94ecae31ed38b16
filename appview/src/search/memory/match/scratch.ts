import { segmentSize } from '../segments/segment.ts'

/** Arrays for matching one segment, used again for the next. */
export interface Scratch {
  /** The candidates, ascending. */
  readonly docs: Uint16Array
  /** The score of each candidate. */
  readonly scores: Int32Array
  /** The weight of the words that each candidate has. */
  readonly matchedWeight: Int32Array
  /** By dataset: in how many lists it is. All zeros between uses. */
  readonly listed: Uint16Array
}

/** Merging two lists in place takes the space of both. */
const room = 2 * segmentSize

/** One for all searches is enough, because matching a segment never waits. */
export const scratch: Scratch = {
  docs: new Uint16Array(room),
  scores: new Int32Array(room),
  matchedWeight: new Int32Array(room),
  listed: new Uint16Array(segmentSize),
}
