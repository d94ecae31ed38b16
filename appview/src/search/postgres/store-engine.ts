import type { SQL } from 'drizzle-orm'
import { readTermStatistics } from '../../search-terms/statistics.ts'
import { firstSettings } from '../../store/planner.ts'
import type { Db } from '../../store/sql.ts'
import type { Corpus } from '../plan/corpora.ts'
import type { Engine } from '../plan/engine.ts'
import type { CandidateChoice } from './candidates.ts'
import { count, readRows } from './listing.ts'
import { correctWord, findUnknown } from './spelling.ts'

/** The engine that searches in the store. `tx` is a read-only transaction, so that a page and its counts agree. */
export function storeEngine(tx: Db, corpus: Corpus, choice: CandidateChoice): Engine {
  let settings: SQL | undefined = firstSettings(tx, choice.timeoutMs)
  return {
    statistics(bases) {
      const beside = settings
      settings = undefined
      return readTermStatistics(tx, corpus.name, bases, beside)
    },
    async answer(page) {
      const found = await readRows(tx, corpus, page, choice)
      const counted = await count(tx, corpus, page, found)
      return { rows: found.rows, ...(found.resume && { resume: found.resume }), ...counted }
    },
    unknownOf: (words, statistics) => findUnknown(tx, corpus.name, words, statistics),
    correct: (word) => correctWord(tx, corpus.name, word),
  }
}
