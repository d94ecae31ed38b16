/**
 * Finds the last event of a source such that it and all events before it are finished, while events finish in any order.
 *
 *   begin 1, begin 2, begin 3, finish 3 → at: before 1;  finish 1 → at: 1;  finish 2 → at: 3
 */
export interface ConsecutiveCursor {
  /** Adds an event, in the source's order. Call the result when it is finished. */
  begin(seq: number, timeMs?: number): () => void
  /** Says that there is nothing to do up to `seq`. */
  pass(seq: number, timeMs?: number): void
  /** The last consecutive sequence number, or undefined while there is none. */
  readonly at: number | undefined
  /** The time of the last of the consecutive events with a known time, in ms since 1970. */
  readonly timeMs: number | undefined
  readonly pending: number
}

export function createConsecutiveCursor(): ConsecutiveCursor {
  const events: Array<{ seq: number; timeMs: number | undefined; done: boolean }> = []
  let head = 0
  let at: number | undefined
  let timeMs: number | undefined
  const advance = () => {
    for (let event = events[head]; event?.done; event = events[++head]) {
      at = Math.max(at ?? 0, event.seq)
      timeMs = event.timeMs ?? timeMs
    }
    if (head > 1_024 && head * 2 > events.length) {
      events.splice(0, head)
      head = 0
    }
  }
  return {
    begin(seq, timeMs) {
      const event = { seq, timeMs, done: false }
      events.push(event)
      return () => {
        event.done = true
        advance()
      }
    },
    pass(seq, timeMs) {
      events.push({ seq, timeMs, done: true })
      advance()
    },
    get at() {
      return at
    },
    get timeMs() {
      return timeMs
    },
    get pending() {
      return events.length - head
    },
  }
}
