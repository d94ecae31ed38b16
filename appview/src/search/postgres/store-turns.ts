import { StoreUnavailableError } from '../../store/store-unavailable.ts'

/** Each holds a connection, and everything else is read by the same few. */
const mostAtOnce = 3
/** After so long an answer is of no use to whoever types. */
const longestWaitMs = 300

export interface Turns {
  /** Runs it once it is its turn. @throws StoreUnavailableError where that does not come in time */
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

/** Turns of each store, whoever asks: a few dear reads hold up others of their kind, and nothing else. */
export function turnsByStore(): <T>(db: object, work: () => Promise<T>) => Promise<T> {
  const turnsOf = new WeakMap<object, Turns>()
  return (db, work) => {
    const turns = turnsOf.get(db) ?? createTurns({ mostAtOnce, longestWaitMs })
    turnsOf.set(db, turns)
    return turns.take(work)
  }
}

/** Searches that go to the store. */
export const inTurn = turnsByStore()
