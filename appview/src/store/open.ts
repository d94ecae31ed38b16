import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '@holdfast/runtime/operator-error'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/pglite'
import { connectPostgres } from './connect-postgres.ts'
import { lockDataDir } from './data-dir-lock.ts'
import { layEmptyCluster } from './empty-cluster.ts'
import { type Migrated, migrateAll, requireMigrated } from './migrate.ts'
import { listenForNotifications } from './notifications.ts'
import { requireOwnSessions } from './own-sessions.ts'
import type { Side } from './replica.ts'
import { type Db, rows } from './sql.ts'
import { openThreadedPglite, type ThreadedPglite } from './threaded-pglite.ts'

export interface Catalog extends AsyncDisposable {
  readonly db: Db
  readonly kind: 'pglite' | 'postgres'
  /** The URL of PostgreSQL; undefined for PGlite. */
  readonly databaseUrl?: string
  /** Calls back on each NOTIFY of the channel, from any process, and after any that may have been missed. Resolves once listening. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<AsyncDisposable>
  /** Resolves when the store has stopped for good and the process must be restarted; absent for PostgreSQL, which is reconnected to. */
  readonly lost?: Promise<Error>
}

export interface OpenOptions {
  /** A PostgreSQL URL; without it PGlite in `dataDir`, or in memory when that is absent too. */
  databaseUrl?: string | undefined
  /** Where to connect for LISTEN; `databaseUrl` by default. */
  databaseSessionUrl?: string | undefined
  dataDir?: string | undefined
  /** A streaming replica of PostgreSQL, for reads of requests. */
  databaseReplicaUrl?: string | undefined
  /** Told for each request which server answers it, where there is a replica. */
  onSide?: ((side: Side) => void) | undefined
  /** Called when the replica could not be asked whether it is one; it is used as soon as it answers. */
  onReplicaAway?: (cause: unknown) => void
  /** Whether schemas of PostgreSQL are brought up to date, by default true; otherwise it is an error when they are not. */
  migrates?: boolean
  /** The most connections to PostgreSQL. */
  poolSize?: number
  /** Called when an unreadable embedded directory was moved aside. */
  onMovedAside?: (movedTo: string, cause: unknown) => void
}

/**
 * Opens the store, and brings both schemas up to date unless told otherwise.
 *
 * @throws DataDirInUseError; or an Error that says which database could not be reached and what to check, or that it has
 *   to be migrated.
 */
export function openCatalog(options: OpenOptions = {}): Promise<Catalog> {
  return options.databaseUrl ? openPostgres(options.databaseUrl, options) : openPglite(options)
}

/** Brings both schemas up to date. Resolves with how many migrations were made, and how long locks were held at most. */
export async function migrate(
  options: Pick<OpenOptions, 'databaseUrl' | 'dataDir'>,
): Promise<Migrated & { readonly tookMs: number }> {
  const { databaseUrl, dataDir } = options
  const startedAt = performance.now()
  if (databaseUrl === undefined) {
    const lock = dataDir === undefined ? undefined : lockDataDir(dataDir)
    try {
      const { pglite, migrated } = await startPglite(options)
      await pglite[Symbol.asyncDispose]()
      return { ...migrated, tookMs: Math.round(performance.now() - startedAt) }
    } finally {
      lock?.[Symbol.dispose]()
    }
  }
  const { client, db } = connectPostgres(databaseUrl, { poolSize: 1 })
  try {
    const migrated = await migrateAll(db)
    return { ...migrated, tookMs: Math.round(performance.now() - startedAt) }
  } catch (cause) {
    throw cannotOpen(databaseUrl, cause)
  } finally {
    await client.end({ timeout: 1 })
  }
}

async function openPostgres(url: string, options: OpenOptions): Promise<Catalog> {
  const { databaseReplicaUrl: replicaUrl, onSide } = options
  const sessionUrl = options.databaseSessionUrl ?? url
  // A second URL is given because of a pooler. Older ones (PgBouncer before 1.21) lose named statements with the session.
  const prepares = sessionUrl === url
  const { client, db } = connectPostgres(url, {
    poolSize: options.poolSize ?? 10,
    prepares,
    replicaUrl,
    onSide,
  })
  try {
    await requireOwnSessions(sessionUrl)
    if (options.migrates === false) await requireMigrated(db)
    else await migrateAll(db)
    if (replicaUrl !== undefined) await checkReplica(db, replicaUrl, options)
  } catch (cause) {
    await client.end({ timeout: 1 })
    throw cannotOpen(url, cause)
  }
  return {
    db,
    kind: 'postgres',
    databaseUrl: url,
    listen: (channel, onNotify) => listenForNotifications(sessionUrl, channel, onNotify),
    [Symbol.asyncDispose]: () => client.end({ timeout: 5 }),
  }
}

/** @throws OperatorError when it is another database, or no replica */
async function checkReplica(
  primary: Db,
  replicaUrl: string,
  { onReplicaAway }: Pick<OpenOptions, 'onReplicaAway'>,
): Promise<void> {
  const { client, db: replica } = connectPostgres(replicaUrl, { poolSize: 1 })
  const describe = async (db: Db) => {
    const [found] = await rows<{ system: string; isReplica: boolean }>(
      db,
      sql`SELECT system_identifier::text AS system, pg_is_in_recovery() AS "isReplica" FROM pg_control_system()`,
    )
    return found!
  }
  try {
    const [here, there] = [await describe(primary), await describe(replica)]
    if (there.isReplica && here.system === there.system) return
    throw new OperatorError(
      'HOLDFAST_DATABASE_REPLICA_URL is no streaming replica of HOLDFAST_DATABASE_URL. Correct it, or leave it out.',
    )
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause
    onReplicaAway?.(cause)
  } finally {
    await client.end({ timeout: 1 })
  }
}

async function openPglite(options: OpenOptions): Promise<Catalog> {
  const lock = options.dataDir === undefined ? undefined : lockDataDir(options.dataDir)
  try {
    const client = await startPglite(options)
    return {
      db: client.db,
      kind: 'pglite',
      lost: client.pglite.lost,
      async listen(channel, onNotify) {
        const unlisten = await client.pglite.listen(channel, onNotify)
        return { [Symbol.asyncDispose]: async () => unlisten() }
      },
      async [Symbol.asyncDispose]() {
        await client.pglite[Symbol.asyncDispose]()
        lock?.[Symbol.dispose]()
      },
    }
  } catch (error) {
    lock?.[Symbol.dispose]()
    throw error
  }
}

interface StartedPglite {
  readonly pglite: ThreadedPglite
  readonly db: Db
  readonly migrated: Migrated
}

async function startPglite(options: OpenOptions): Promise<StartedPglite> {
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

async function tryPglite(directory: string | undefined): Promise<StartedPglite> {
  if (directory !== undefined) await layEmptyCluster(directory)
  const pglite = await openThreadedPglite(directory)
  try {
    const db = drizzle(pglite as never) as unknown as Db
    await db.execute(sql`SET TIME ZONE 'UTC'`)
    const migrated = await migrateAll(db)
    return { pglite, db, migrated }
  } catch (error) {
    await pglite[Symbol.asyncDispose]()
    throw error
  }
}

function cannotOpen(url: string, cause: unknown): OperatorError {
  if (cause instanceof OperatorError) return cause
  return new OperatorError(
    `Cannot open the database at ${withoutPassword(url)}: ${reasonOf(cause)}. Check HOLDFAST_DATABASE_URL.`,
    { cause },
  )
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
