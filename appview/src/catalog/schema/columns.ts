import { customType, timestamp } from 'drizzle-orm/pg-core'

/** Raw bytes, as `Uint8Array`. */
export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })

/** A PostgreSQL text-search vector; written by SQL expressions only. */
export const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' })

/** Instants are UTC, and cross the driver as ISO strings so that both drivers agree. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' })
