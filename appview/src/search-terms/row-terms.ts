/** SQL expressions over the sorted codes of one row; each costs a binary search. */
import { type SQL, sql } from 'drizzle-orm'
import { levels } from './codes.ts'

/** The alias of the row in every statement of a search. */
export type Alias = 'd' | 'o'

/** Writes a whole number into the statement's text. */
export function int(value: number): SQL {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number`)
  return sql.raw(String(value))
}

/** Writes an array of codes into the statement's text. */
export function codeArray(codes: readonly number[]): SQL {
  return sql`'{${sql.join(codes.map(int), sql.raw(','))}}'::bigint[]`
}

/** Whether the row has the term at any impact. */
export function hasTerm(alias: Alias, base: number): SQL {
  return sql`coalesce(${highestUpTo(alias, base + levels - 1)} >= ${int(base)}, false)`
}

/** Whether the row has exactly this code, for terms without impacts. */
export function hasCode(alias: Alias, code: number): SQL {
  return sql`coalesce(${highestUpTo(alias, code)} = ${int(code)}, false)`
}

/** `weight` times the impact of the term in the row, plus `presence`; 0 when the row does not have the term. */
export function termScore(
  alias: Alias,
  base: number,
  { weight, presence }: { weight: number; presence: number },
): SQL {
  const highest = highestUpTo(alias, base + levels - 1)
  return sql`CASE WHEN ${highest} >= ${int(base)} THEN (${highest} - ${int(base - presence)}) * ${int(weight)} ELSE 0 END`
}

/** Whether the row has any of these codes; can use the index. */
export function anyCode(alias: Alias, codes: readonly number[]): SQL {
  return sql`${sql.raw(alias)}.codes && ${codeArray(codes)}`
}

function highestUpTo(alias: Alias, code: number): SQL {
  const codes = sql.raw(`${alias}.codes`)
  return sql`(${codes})[width_bucket(${int(code)}::bigint, ${codes})]`
}

/** A column of the row. */
export function column(alias: Alias, name: string): SQL {
  return sql.raw(`${alias}.${name}`)
}
