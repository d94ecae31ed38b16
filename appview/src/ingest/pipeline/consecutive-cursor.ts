/**
 * Keeps the last event of a source such that it and all before it are done, while events finish in any order.
 *
 *   begin 1, begin 2, begin 3, finish 3 → at: before 1;  finish 1 → at: 1;  finish 2 → at: 3
 */
export type ConsecutiveCursor = {
  /** Takes note of an event in the source's order; call the result when it is done. */
  begin(seq: number): () => void
  /** Takes note that there is nothing to do up to `seq`. */
  pass(seq: number): void
  /** The last consecutive sequence number, or undefined while there is none. */
  readonly at: number | undefined
  readonly pending: number
}

export function createConsecutiveCursor(): ConsecutiveCursor {
  const events: Array<{ seq: number; done: boolean }> = []
  let head = 0
  let at: number | undefined
  const advance = () => {
    while (events[head]?.done) at = Math.max(at ?? 0, events[head++]!.seq)
    if (head > 1_024 && head * 2 > events.length) {
      events.splice(0, head)
      head = 0
    }
  }
  return {
    begin(seq) {
      const event = { seq, done: false }
      events.push(event)
      return () => {
        event.done = true
        advance()
      }
    },
    pass(seq) {
      events.push({ seq, done: true })
      advance()
    },
    get at() {
      return at
    },
    get pending() {
      return events.length - head
    },
  }
}
