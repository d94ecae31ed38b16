/** For tests: one test body runs against every store that is there. */
import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { type Catalog, openCatalog } from './open.ts'

/** PGlite always; PostgreSQL where `HOLDFAST_TEST_DATABASE_URL` names one, which CI must. */
export function testBackends(env = process.env): readonly { name: string; open: () => Promise<Catalog> }[] {
  const embedded = { name: 'PGlite', open: () => openCatalog() }
  const url = env.HOLDFAST_TEST_DATABASE_URL
  if (url) return [embedded, { name: 'PostgreSQL', open: () => openScratchDatabase(url) }]
  if (env.CI === 'true') throw new Error('CI must set HOLDFAST_TEST_DATABASE_URL: no store may be left out.')
  process.stderr.write('left out: PostgreSQL (HOLDFAST_TEST_DATABASE_URL is not set)\n')
  return [embedded]
}

/** Makes an empty database beside the given one, and drops it when the catalogue is closed. */
export async function openScratchDatabase(url: string): Promise<Catalog> {
  const scratch = await createScratchDatabase(url)
  const catalog = await openCatalog({ databaseUrl: scratch.url })
  return {
    ...catalog,
    async [Symbol.asyncDispose]() {
      await catalog[Symbol.asyncDispose]()
      await scratch[Symbol.asyncDispose]()
    },
  }
}

/** An empty database of its own for one test, by URL; dropped on disposal. */
export async function createScratchDatabase(url: string): Promise<AsyncDisposable & { url: string }> {
  const name = `holdfast_test_${randomBytes(6).toString('hex')}`
  await onServer(url, (sql) => sql.unsafe(`CREATE DATABASE ${name}`))
  const scratch = new URL(url)
  scratch.pathname = `/${name}`
  return {
    url: scratch.href,
    [Symbol.asyncDispose]: () =>
      onServer(url, (sql) => sql.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  }
}

async function onServer(url: string, work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
