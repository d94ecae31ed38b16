import { decodeCursor, encodeCursor, InvalidCursorError } from '../store/page-cursor.ts'
import type { SearchPosition } from './plan/request.ts'
import { type KeyType, keyTypeOf, type Sort } from './plan/sorts.ts'
import { SearchError } from './query/search-error.ts'

/** Makes a cursor. `search` names the listing (`identityOf`), so that the cursor of another is refused. */
export function writePosition(search: string, position: SearchPosition): string {
  const { mode, spelling, weights, key, id, cards, estimated } = position
  return encodeCursor(search, [mode, spelling, weights.join(' '), key, id, cards, estimated ? 1 : 0])
}

/** Reads a cursor of the listing `search`. @throws SearchError InvalidCursor */
export function readPosition(search: string, cursor: string, sort: Sort): SearchPosition {
  const parts = decode(search, cursor)
  if (!parts) throw invalid()
  const [mode, spelling, weights, key, id, cards, estimated] = parts
  if (
    (mode !== 'all' && mode !== 'most' && mode !== 'some') ||
    !keyShapes[keyTypeOf(sort)].test(key) ||
    !/^(?:\d{1,6}(?: |$))*$/.test(weights)
  )
    throw invalid()
  return {
    mode,
    spelling,
    weights: weights === '' ? [] : weights.split(' ').map(Number),
    key,
    id,
    cards: Math.max(0, cards),
    estimated: estimated === 1,
  }
}

const keyShapes: Readonly<Record<KeyType, RegExp>> = {
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
