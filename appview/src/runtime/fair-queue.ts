/**
 * A queue that decides who is served next. Visitors take turns, so that a visitor with a hundred requests delays the others
 * by only one of them. Every other turn goes to the program's own work, such as following the network, however many
 * visitors wait.
 */
export interface FairQueue<Entry> {
  /** Adds an entry for a visitor, or with `undefined` one of the program's own. */
  push(entry: Entry, visitor: string | undefined): void
  shift(): Entry | undefined
  /** Removes an entry that no longer waits. */
  remove(entry: Entry, visitor: string | undefined): void
}

export function createFairQueue<Entry>(): FairQueue<Entry> {
  const own: Entry[] = []
  // Visitors in the order of their turns; one that was served moves to the end.
  const visitors = new Map<string, Entry[]>()
  let isOwnTurn = true

  const shiftVisitor = (): Entry | undefined => {
    const [first] = visitors
    if (!first) return undefined
    const [visitor, line] = first
    const entry = line.shift()
    visitors.delete(visitor)
    if (line.length > 0) visitors.set(visitor, line)
    return entry
  }
  return {
    push(entry, visitor) {
      const line = visitor === undefined ? own : visitors.get(visitor)
      if (line) line.push(entry)
      else visitors.set(visitor!, [entry])
    },
    shift() {
      const entry = isOwnTurn ? (own.shift() ?? shiftVisitor()) : (shiftVisitor() ?? own.shift())
      isOwnTurn = !isOwnTurn
      return entry
    },
    remove(entry, visitor) {
      const line = visitor === undefined ? own : (visitors.get(visitor) ?? [])
      const at = line.indexOf(entry)
      if (at >= 0) line.splice(at, 1)
      if (visitor !== undefined && line.length === 0) visitors.delete(visitor)
    },
  }
}
