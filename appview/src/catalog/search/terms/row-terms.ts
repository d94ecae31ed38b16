/** What is read from the sorted codes of one row, in SQL that costs a binary search a term. */
import { type SQL, sql } from 'drizzle-orm'
import { levels } from './codes.ts'

/** The alias of the row in every statement of a search. */
export type Alias = 'd' | 'o'

/** A whole number as it stands in the statement's text. */
export function int(value: number): SQL {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`)
  return sql.raw(String(value))
}

/** An array of codes as it stands in the statement's text. */
export function codeArray(codes: readonly number[]): SQL {
  return sql`'{${sql.join(codes.map(int), sql.raw(','))}}'::bigint[]`
}

/** Whether the row has the term at any impact. */
export function hasTerm(alias: Alias, base: number): SQL {
  return sql`coalesce(${highestUpTo(alias, base + levels - 1)} >= ${int(base)}, false)`
}

/** Whether the row has exactly this code: a term without impacts. */
export function hasCode(alias: Alias, code: number): SQL {
  return sql`coalesce(${highestUpTo(alias, code)} = ${int(code)}, false)`
}

/** `weight` times one more than the impact of the term in the row; 0 where it has it not. */
export function termScore(alias: Alias, base: number, weight: number): SQL {
  return sql`greatest(coalesce(${highestUpTo(alias, base + levels - 1)} - ${int(base - 1)}, 0), 0) * ${int(weight)}`
}

/** The index condition that a row has one of these codes. */
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
