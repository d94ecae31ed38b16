/**
 * A second catalog beside the one that is served. A rebuild writes into it, and then it replaces the served catalog in one
 * transaction. Until then nothing that is shown changes, and a rebuild that ends early leaves the old catalog as it was.
 *
 * The same statements write to both: the database that `openBeside` returns rewrites `catalog.` in every statement to the
 * second schema. It does the same for the tables of `local` that feed the live streams, so that readers of the old catalog
 * are not told about changes of the new one.
 */
import { type SQL, sql } from 'drizzle-orm'
import { type Db, rows } from './sql.ts'

export const besideSchema = 'catalog_beside'
/** The schema of the catalog that was served before a swap, until it is dropped. */
export const beforeSchema = 'catalog_before'

const streamTables = ['stream', 'record_change', 'info_hash_change'] as const

const ofCatalog = /(?<![\w."])("?)catalog\1(?=\.)/g
const schemaItself = /(?<=\bSCHEMA (?:IF (?:NOT )?EXISTS )?)"?catalog"?(?![\w"])/g
const ofStreams = new RegExp(`(?<![\\w."])("?)local\\1\\.("?)(${streamTables.join('|')})\\2(?![\\w"])`, 'g')

/** Rewrites a statement for the second catalog. All values are parameters, so the text contains nothing from strangers. */
export function besideText(text: string): string {
  return text
    .replace(ofCatalog, besideSchema)
    .replace(schemaItself, besideSchema)
    .replace(ofStreams, (_, _quote, _inner, table) => `${besideSchema}.local_${table}`)
}

interface Internals {
  readonly dialect: { sqlToQuery(query: SQL): { sql: string } }
  readonly session: { client: unknown; schema: unknown; options: unknown }
}

/** Returns the same store, with the second catalog in place of the served one. */
export function openBeside(db: Db): Db {
  const { dialect, session } = db as unknown as Internals
  const translating = Object.create(dialect) as Internals['dialect']
  translating.sqlToQuery = (query) => {
    const built = dialect.sqlToQuery(query)
    return { ...built, sql: besideText(built.sql) }
  }
  const Session = session.constructor as new (...parts: unknown[]) => Internals['session']
  const Database = db.constructor as new (...parts: unknown[]) => Db
  return new Database(
    translating,
    new Session(session.client, translating, session.schema, session.options),
    session.schema,
  )
}

/** Creates the streams of an empty second catalog, with new epochs. */
export async function makeStreamsBeside(tx: Db): Promise<void> {
  for (const table of streamTables)
    await tx.execute(
      sql.raw(
        `CREATE TABLE IF NOT EXISTS ${besideSchema}.local_${table} (LIKE local.${table} INCLUDING ALL)`,
      ),
    )
  await tx.execute(
    sql.raw(`INSERT INTO ${besideSchema}.local_stream (name, epoch, seq)
      SELECT name, gen_random_uuid()::text, seq FROM local.stream ON CONFLICT DO NOTHING`),
  )
}

/** Renames the second catalog to the served one; the old one is renamed too, and is dropped later. */
export async function putInPlace(tx: Db): Promise<void> {
  const run = (text: string) => tx.execute(sql.raw(text))
  await run(`ALTER SCHEMA catalog RENAME TO ${beforeSchema}`)
  await run(`ALTER SCHEMA ${besideSchema} RENAME TO catalog`)
  // Tables, indexes and triggers refer to each other by identity, but the bodies of functions by name.
  const functions = await rows<{ definition: string }>(
    tx,
    sql`SELECT pg_get_functiondef(p.oid) AS definition FROM pg_proc p
        WHERE p.pronamespace = 'catalog'::regnamespace AND p.prokind IN ('f', 'p')`,
  )
  for (const { definition } of functions) await run(definition.replaceAll(besideSchema, 'catalog'))
  for (const table of ['record_change', 'info_hash_change']) {
    await run(`DELETE FROM local.${table}`)
    await run(`INSERT INTO local.${table} SELECT * FROM catalog.local_${table}`)
  }
  await run(`INSERT INTO local.stream AS s (name, epoch, seq) SELECT name, epoch, seq FROM catalog.local_stream
    ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq`)
  for (const table of streamTables) await run(`DROP TABLE catalog.local_${table}`)
}
