import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { storesHere } from './requirements.ts'

export interface Store {
  readonly name: string
  /** The URL of a database for this test; none for PGlite, which then uses the data directory. */
  create(): Promise<AsyncDisposable & { databaseUrl?: string }>
}

/** The stores that a story runs on in this lane: PGlite, PostgreSQL if the tests are given one, or both. */
export function testStores(options?: { isLong?: boolean }): readonly Store[] {
  const here = storesHere(options)
  const embedded: Store = { name: 'PGlite', create: async () => ({ [Symbol.asyncDispose]: async () => {} }) }
  const { databaseUrl: url } = here
  if (url === undefined) return [embedded]
  const server: Store = {
    name: 'PostgreSQL',
    async create() {
      const scratch = await createScratchDatabase(url)
      return { databaseUrl: scratch.url, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() }
    },
  }
  return here.embedded ? [embedded, server] : [server]
}
