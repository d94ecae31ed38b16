import { customType, timestamp } from 'drizzle-orm/pg-core'

/** Raw bytes, as `Uint8Array`. */
export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })

/**
 * Text that is compared by its bytes. Columns that are compared with an AT-URI of another table must have this collation too,
 * because PostgreSQL does not use an index on a column with another collation.
 */
export const textC = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' })

/** Sorted codes of terms, written as PostgreSQL's text of an array. */
export const codes = customType<{ data: string }>({ dataType: () => 'bigint[]' })

/** An instant in UTC. It is passed to the driver as an ISO string, so that both drivers agree. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' })
