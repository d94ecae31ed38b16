import { decodeCursor, encodeCursor, InvalidCursorError } from '../../cursor.ts'
import type { Sort } from '../corpora/corpus.ts'
import { SearchError } from '../search-error.ts'

/**
 * Where a page of a search ended. It carries all that the order depends on, so that the next page goes on in it even
 * though words were counted anew in between: how words matched, their weights, and the spelling that was searched.
 */
export interface SearchPosition {
  mode: 'all' | 'most'
  /** What was searched instead of the query as typed; empty if that was searched. */
  matched: string
  weights: readonly number[]
  key: string
  id: number
  cards: number
  estimated: boolean
}

/** `search` is whatever makes two listings different: the cursor of one is refused by the other. */
export function writePosition(search: string, position: SearchPosition): string {
  const { mode, matched, weights, key, id, cards, estimated } = position
  return encodeCursor(search, [mode, matched, weights.join(' '), key, id, cards, estimated ? 1 : 0])
}

/** @throws SearchError InvalidCursor */
export function readPosition(search: string, cursor: string, sort: Sort): SearchPosition {
  const parts = decode(search, cursor)
  if (!parts) throw invalid()
  const [mode, matched, weights, key, id, cards, estimated] = parts
  if (
    (mode !== 'all' && mode !== 'most') ||
    !keyShapes[sort.type].test(key) ||
    !/^(?:\d{1,6}(?: |$))*$/.test(weights)
  )
    throw invalid()
  return {
    mode,
    matched,
    weights: weights === '' ? [] : weights.split(' ').map(Number),
    key,
    id,
    cards: Math.max(0, cards),
    estimated: estimated === 1,
  }
}

const keyShapes = {
  bigint: /^-?\d{1,18}$|^9223372036854775807$/,
  date: /^(?:[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|\d{4}-(?:0[13-9]|1[0-2])-(?:29|30)|\d{4}-(?:0[13578]|1[02])-31|\d{4}-02-29|infinity)$/,
  timestamptz:
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?\+00$/,
}

function decode(search: string, cursor: string) {
  try {
    return decodeCursor(search, cursor, [
      'string',
      'string',
      'string',
      'string',
      'number',
      'number',
      'number',
    ])
  } catch (error) {
    if (error instanceof InvalidCursorError) return undefined
    throw error
  }
}

function invalid(): SearchError {
  return new SearchError(
    'InvalidCursor',
    'The cursor is not one this server gave for this search; begin again without it.',
  )
}
