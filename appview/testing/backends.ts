/** For tests: runs one test body against every available store. */
import { randomBytes } from 'node:crypto'
import { cp, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { storesHere } from '../../test/system/requirements.ts'
import { type Catalog, openCatalog } from '../src/store/open.ts'

/** The stores to test: PGlite, PostgreSQL if the tests have one, or both. */
export function testBackends(options?: {
  isLong?: boolean
}): readonly { name: string; open: () => Promise<Catalog> }[] {
  const here = storesHere(options)
  const embedded = { name: 'PGlite', open: openEmbedded }
  const { databaseUrl: url } = here
  if (url === undefined) return [embedded]
  const server = { name: 'PostgreSQL', open: () => openScratchDatabase(url) }
  return here.embedded ? [embedded, server] : [server]
}

/** Opens an empty embedded store, which is deleted when it is closed. */
export async function openEmbedded(): Promise<Catalog> {
  const templates = process.env.HOLDFAST_TEST_TEMPLATES
  if (templates === undefined) return openCatalog()
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  await layEmbedded(dataDir)
  const catalog = await openCatalog({ dataDir })
  return {
    ...catalog,
    async [Symbol.asyncDispose]() {
      await catalog[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/**
 * Copies an empty embedded store into a data directory, if the test run keeps one to copy (`HOLDFAST_TEST_TEMPLATES`): making
 * one takes seconds of a core, and tests open hundreds.
 */
export async function layEmbedded(dataDir: string): Promise<void> {
  const templates = process.env.HOLDFAST_TEST_TEMPLATES
  if (templates === undefined) return
  const template = join(templates, 'embedded')
  if (!(await exists(template))) await makeTemplate(template)
  await cp(join(template, 'pglite'), join(dataDir, 'pglite'), { recursive: true })
}

async function makeTemplate(template: string): Promise<void> {
  const made = await mkdtemp(`${template}-`)
  await (await openCatalog({ dataDir: made }))[Symbol.asyncDispose]()
  // Another worker may have made the template meanwhile.
  await rename(made, template).catch(async (error) => {
    if (!(await exists(template))) throw error
  })
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Makes an empty database beside the given one, and drops it when the catalog is closed. */
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

/** A database of its own for one test, by URL: empty, or a copy of the database `template`. It is dropped on disposal. */
export async function createScratchDatabase(
  url: string,
  { template }: { template?: string } = {},
): Promise<AsyncDisposable & { url: string }> {
  const name = `holdfast_test_${randomBytes(6).toString('hex')}`
  await onServer(url, (sql) =>
    sql.unsafe(`CREATE DATABASE ${name} ${template ? `TEMPLATE ${template} STRATEGY file_copy` : ''}`),
  )
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
