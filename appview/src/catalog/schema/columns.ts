import { customType, timestamp } from 'drizzle-orm/pg-core'

/** Raw bytes, as `Uint8Array`. */
export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })

/**
 * Text compared by its bytes. What is compared with an AT-URI of another table must be so too: an index on a column of
 * another collation is not used for it.
 */
export const textC = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' })

/** Codes of terms, sorted; written as PostgreSQL's text of an array. */
export const codes = customType<{ data: string }>({ dataType: () => 'bigint[]' })

/** Instants are UTC, and cross the driver as ISO strings so that both drivers agree. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' })
