import { errorCode } from '../../store/error-code.ts'
import { SearchError } from '../query/search-error.ts'

/** PostgreSQL's `query_canceled`, the error of a statement that took too long. */
const givenUp = '57014'

/**
 * Turns the error of a statement that took too long into one for the caller, with `advice` how to make it cheaper.
 *
 * @throws SearchError InvalidQuery
 */
export async function withinBudget<T>(searching: Promise<T>, advice?: string): Promise<T> {
  try {
    return await searching
  } catch (error) {
    if (errorCode(error) !== givenUp) throw error
    throw tooLong(advice)
  }
}

/** The error of a search that takes too long. */
export function tooLong(advice = 'Add a rarer word or a filter, or leave out the quotes.'): SearchError {
  return new SearchError('InvalidQuery', `The search takes too long over so many records. ${advice}`)
}
