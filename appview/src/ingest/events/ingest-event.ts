import type { RepoFrame } from '../frame/frame.ts'
import type { Origin } from '../source/source.ts'
import type { OnAsk } from '../state/account-standing.ts'
import type { Settles } from '../state/committer.ts'

/** One event of one repository, from being read to being settled: the cursor may then pass it. */
export interface IngestEvent<Frame extends RepoFrame = RepoFrame> extends Settles {
  readonly frame: Frame
  readonly origin: Origin
  /** Called before a stranger's server is asked; throws NoRoomError when the event may not wait for it. */
  readonly onAsk: OnAsk
  /**
   * Ends the event, once however often it is called. An event that writes is settled by the committer as the batch it is in is
   * made up, so that the cursor is written with it; one that needs nothing is settled by whoever finds that out.
   */
  settle(): void
}

/** An event that nobody counts, as one that was buffered until its repository was read, has neither of the two last parts. */
export function createIngestEvent(
  frame: RepoFrame,
  origin: Origin,
  { onAsk = () => {}, onSettled = () => {} }: { onAsk?: OnAsk; onSettled?: () => void } = {},
): IngestEvent {
  let isSettled = false
  return {
    frame,
    origin,
    onAsk,
    settle() {
      if (isSettled) return
      isSettled = true
      onSettled()
    },
  }
}
