/** Runs the tasks of one key in order and those of different keys at the same time. */
export interface KeyedQueue {
  run(key: string, task: () => Promise<void>): Promise<void>
  readonly size: number
}

/** Makes a keyed queue; a task that throws does not stop the tasks behind it. */
export function createKeyedQueue(): KeyedQueue {
  const tails = new Map<string, Promise<void>>()
  return {
    run(key, task) {
      const before = tails.get(key)
      const mine = before ? before.then(task, task) : task()
      tails.set(key, mine)
      const leave = () => {
        if (tails.get(key) === mine) tails.delete(key)
      }
      mine.then(leave, leave)
      return mine
    },
    get size() {
      return tails.size
    },
  }
}
