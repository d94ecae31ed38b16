import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { unaccent } from '@electric-sql/pglite/contrib/unaccent'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/pglite'
import type { Db } from './sql.ts'
import { connectPostgres } from './store/connect-postgres.ts'
import { lockDataDir } from './store/data-dir-lock.ts'
import { migrateAll } from './store/migrate.ts'
import { listenForNotifications } from './store/notifications.ts'

export interface Catalog extends AsyncDisposable {
  readonly db: Db
  readonly kind: 'pglite' | 'postgres'
  /** Where PostgreSQL is; undefined for PGlite. */
  readonly databaseUrl?: string
  /** Calls back on each NOTIFY of the channel, from any process, and after any that may have been missed. Resolves once listening. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<AsyncDisposable>
}

export interface OpenOptions {
  /** A PostgreSQL URL; without it PGlite in `dataDir`, or in memory when that is absent too. */
  databaseUrl?: string | undefined
  dataDir?: string | undefined
  /** Connections kept to PostgreSQL. */
  poolSize?: number
  /** Told when an unreadable embedded directory was moved aside. */
  onMovedAside?: (movedTo: string, cause: unknown) => void
}

/**
 * Opens the store and brings both schemas up to date.
 *
 * @throws DataDirInUseError; or an Error that says which database could not be reached and what to check.
 */
export function openCatalog(options: OpenOptions = {}): Promise<Catalog> {
  return options.databaseUrl ? openPostgres(options.databaseUrl, options) : openPglite(options)
}

async function openPostgres(url: string, options: OpenOptions): Promise<Catalog> {
  const { client, db } = connectPostgres(url, { poolSize: options.poolSize ?? 10 })
  try {
    await migrateAll(db, 'postgres')
  } catch (cause) {
    await client.end({ timeout: 1 })
    throw new Error(
      `Cannot open the database at ${withoutPassword(url)}: ${reasonOf(cause)}. Check HOLDFAST_DATABASE_URL.`,
      { cause },
    )
  }
  return {
    db,
    kind: 'postgres',
    databaseUrl: url,
    listen: (channel, onNotify) => listenForNotifications(url, channel, onNotify),
    [Symbol.asyncDispose]: () => client.end({ timeout: 5 }),
  }
}

async function openPglite(options: OpenOptions): Promise<Catalog> {
  const lock = options.dataDir === undefined ? undefined : lockDataDir(options.dataDir)
  try {
    const client = await startPglite(options)
    return {
      db: client.db,
      kind: 'pglite',
      async listen(channel, onNotify) {
        const unlisten = await client.pglite.listen(channel, onNotify)
        return { [Symbol.asyncDispose]: () => (client.pglite.closed ? Promise.resolve() : unlisten()) }
      },
      async [Symbol.asyncDispose]() {
        if (!client.pglite.closed) await client.pglite.close()
        lock?.[Symbol.dispose]()
      },
    }
  } catch (error) {
    lock?.[Symbol.dispose]()
    throw error
  }
}

async function startPglite(options: OpenOptions): Promise<{ pglite: PGlite; db: Db }> {
  const directory = options.dataDir === undefined ? undefined : join(options.dataDir, 'pglite')
  try {
    return await tryPglite(directory)
  } catch (cause) {
    if (directory === undefined || !existsSync(directory)) throw cause
    const movedTo = `${directory}.unreadable-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
    renameSync(directory, movedTo)
    options.onMovedAside?.(movedTo, cause)
    return tryPglite(directory)
  }
}

async function tryPglite(directory: string | undefined): Promise<{ pglite: PGlite; db: Db }> {
  const pglite = new PGlite({
    ...(directory === undefined ? {} : { dataDir: directory }),
    extensions: { pg_trgm, unaccent },
  })
  await pglite.waitReady
  const db = drizzle(pglite) as unknown as Db
  await db.execute(sql`SET TIME ZONE 'UTC'`)
  await migrateAll(db, 'pglite')
  return { pglite, db }
}

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url)
    if (parsed.password) parsed.password = '***'
    return parsed.href
  } catch {
    return '(not a URL)'
  }
}

function reasonOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!(cause.cause instanceof Error))
      return cause.message || ('code' in cause ? String(cause.code) : cause.name)
  }
  return String(error)
}
