import { createScratchDatabase } from '@holdfast/appview/catalog/test-backends'

export interface Store {
  readonly name: string
  /** A database of the test's own; for PGlite none, which means the data directory. */
  create(): Promise<AsyncDisposable & { databaseUrl?: string }>
}

/** The stores that a story is told on: PGlite always, PostgreSQL where the tests are given one (in CI they must be). */
export function testStores(env = process.env): readonly Store[] {
  const embedded: Store = { name: 'PGlite', create: async () => ({ [Symbol.asyncDispose]: async () => {} }) }
  const url = env.HOLDFAST_TEST_DATABASE_URL
  if (!url && env.CI === 'true')
    throw new Error('CI must set HOLDFAST_TEST_DATABASE_URL: no store may be left out.')
  if (!url) {
    process.stderr.write('left out: PostgreSQL (HOLDFAST_TEST_DATABASE_URL is not set)\n')
    return [embedded]
  }
  const server: Store = {
    name: 'PostgreSQL',
    async create() {
      const scratch = await createScratchDatabase(url)
      return { databaseUrl: scratch.url, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() }
    },
  }
  return [embedded, server]
}
