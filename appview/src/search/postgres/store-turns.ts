import { StoreUnavailableError } from '../../store/store-unavailable.ts'

/** How many run at once. Each takes one of the few connections that everything else needs, too. */
const mostAtOnce = 3
/** After this time an answer is too late for somebody who is typing. */
const longestWaitMs = 300

export interface Turns {
  /** Runs `work` when it is its turn. @throws StoreUnavailableError when that does not come in time */
  take<T>(work: () => Promise<T>): Promise<T>
}

export function createTurns(options: { mostAtOnce: number; longestWaitMs: number }): Turns {
  const waiting = new Set<() => void>()
  let running = 0
  const begin = () =>
    new Promise<void>((resolve, reject) => {
      if (running < options.mostAtOnce) {
        running++
        return resolve()
      }
      const called = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        waiting.delete(called)
        reject(new StoreUnavailableError('too many searches are waiting for the database'))
      }, options.longestWaitMs)
      waiting.add(called)
    })
  const end = () => {
    const [next] = waiting
    if (!next) return void running--
    waiting.delete(next)
    next()
  }
  return {
    async take(work) {
      await begin()
      try {
        return await work()
      } finally {
        end()
      }
    },
  }
}

/** Turns for one kind of reads, for each store: slow ones delay others of their kind, and nothing else. */
export function turnsByStore(): <T>(db: object, work: () => Promise<T>) => Promise<T> {
  const turnsOf = new WeakMap<object, Turns>()
  return (db, work) => {
    const turns = turnsOf.get(db) ?? createTurns({ mostAtOnce, longestWaitMs })
    turnsOf.set(db, turns)
    return turns.take(work)
  }
}

/** The turns of searches in the store. */
export const inTurn = turnsByStore()
