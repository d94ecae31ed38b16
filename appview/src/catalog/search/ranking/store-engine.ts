import type { SQL } from 'drizzle-orm'
import type { Db } from '../../sql.ts'
import type { Corpus } from '../corpora/corpus.ts'
import { correctWord, findUnknown } from '../query/spelling.ts'
import { readTermStatistics } from '../terms/statistics.ts'
import type { CandidateChoice } from './candidates.ts'
import type { Engine } from './engine.ts'
import { count, readRows } from './listing.ts'
import { firstSettings } from './planner.ts'

/** Searches the rows of the store, in a read-only transaction so that a page and its counts are of one moment. */
export function storeEngine(tx: Db, corpus: Corpus, choice: CandidateChoice): Engine {
  let settings: SQL | undefined = firstSettings(tx, choice.timeoutMs)
  return {
    statistics(bases) {
      const beside = settings
      settings = undefined
      return readTermStatistics(tx, corpus.name, bases, beside)
    },
    async answer(wanted) {
      const found = await readRows(tx, corpus, wanted, choice)
      const counted = await count(tx, corpus, wanted, found)
      return { rows: found.rows, ...(found.resume && { resume: found.resume }), ...counted }
    },
    unknownOf: (words, statistics) => findUnknown(tx, corpus.name, words, statistics),
    correct: (word) => correctWord(tx, corpus.name, word),
  }
}
