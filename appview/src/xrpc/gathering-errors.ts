import type { defs } from '@holdfast/lexicons'
import { CallerError } from './caller-error.ts'

/** The error for a search for parts that found none: it says whether asking again makes sense. */
export function noPart({ open, taken, said }: defs.PartCounts): CallerError {
  const waiting = taken + said
  if (open > 0)
    return new CallerError(
      'NoPart',
      'The parts that are open do not fit what was asked for, or were given up by this account. Ask for larger ones, or for other tools.',
    )
  if (waiting > 0)
    return new CallerError(
      'NoPart',
      `Nothing is open now, but ${waiting === 1 ? 'one part is' : `${waiting} parts are`} being gathered. Ask again in ten minutes: some may be given back.`,
    )
  return new CallerError('NoPart', 'Nothing is left to gather here.')
}
