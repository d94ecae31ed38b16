/**
 * The schema `catalog`, a cache of the network. Every row in it can be dropped and read again from repos. What the operator
 * decided or this server counted must not be here, but in `local`.
 */
import { sql } from 'drizzle-orm'
import { bigint, pgSchema } from 'drizzle-orm/pg-core'

export const catalogSchema = pgSchema('catalog')
export const table = catalogSchema.table
export const id = () => bigint('id', { mode: 'number' }).generatedAlwaysAsIdentity()
export const ref = (name: string) => bigint(name, { mode: 'number' })
export const count = (name: string) => bigint(name, { mode: 'number' })

/**
 * The condition of the indexes of codes. It is written differently from the `visible` of the other partial indexes, which
 * PostgreSQL would otherwise use to read every visible row.
 */
export const searched = sql`visible::int = 1`
