/**
 * `catalog`: a cache of the network. Every row here can be dropped and gathered again from repos;
 * nothing an operator decided or counted may live here (that is `local`).
 */
import { sql } from 'drizzle-orm'
import { bigint, pgSchema } from 'drizzle-orm/pg-core'

export const catalogSchema = pgSchema('catalog')
export const table = catalogSchema.table
export const id = () => bigint('id', { mode: 'number' }).generatedAlwaysAsIdentity()
export const ref = (name: string) => bigint(name, { mode: 'number' })
export const count = (name: string) => bigint(name, { mode: 'number' })

/**
 * What only the index of codes is limited to, spelt apart from the other indexes' `visible`: those would otherwise
 * seem fit for reading every visible row.
 */
export const searched = sql`visible::int = 1`
