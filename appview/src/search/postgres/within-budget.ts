import { errorCode } from '../../store/error-code.ts'
import { SearchError } from '../query/search-error.ts'

/** PostgreSQL's `query_canceled`: a statement that reached the time a search is given (`CandidateChoice`). */
const givenUp = '57014'

/**
 * @param advice what whoever asks may do to ask for less, as a sentence
 * @throws SearchError InvalidQuery where the store gave a statement up: whoever asks is told how to ask for less
 */
export async function withinBudget<T>(searching: Promise<T>, advice?: string): Promise<T> {
  try {
    return await searching
  } catch (error) {
    if (errorCode(error) !== givenUp) throw error
    throw tooLong(advice)
  }
}

/** Of a search that takes longer than it is given. */
export function tooLong(advice = 'Add a rarer word or a filter, or leave out the quotes.'): SearchError {
  return new SearchError('InvalidQuery', `The search takes too long over so many records. ${advice}`)
}
