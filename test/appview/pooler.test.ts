import { openCatalog } from '@holdfast/appview/store/open'
import { requireOwnSessions } from '@holdfast/appview/store/own-sessions'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { databaseUrl, needs } from '../system/requirements.ts'
import { startTransactionPooler } from '../system/transaction-pooler.ts'

const hasServer = needs('a pooler in transaction mode', 'PostgreSQL')

test.skipIf(!hasServer)('refuses to start behind a pooler in transaction mode', async () => {
  await using database = await createScratchDatabase(databaseUrl())
  await requireOwnSessions(database.url)
  await using pooler = await startTransactionPooler(database.url)
  await expect(openCatalog({ databaseUrl: pooler.url })).rejects.toThrow('HOLDFAST_DATABASE_SESSION_URL')
})

test.skipIf(!hasServer)('starts behind a pooler with a second URL for dedicated connections', async () => {
  await using database = await createScratchDatabase(databaseUrl())
  await using pooler = await startTransactionPooler(database.url)
  await using catalog = await openCatalog({ databaseUrl: pooler.url, databaseSessionUrl: database.url })
  const heard: string[] = []
  await using _listener = await catalog.listen('holdfast_test', (payload) => heard.push(payload))
  await catalog.db.execute(sql`SELECT pg_notify('holdfast_test', 'told')`)
  await waitFor(() => heard.includes('told'), { what: 'the notification' })
})
