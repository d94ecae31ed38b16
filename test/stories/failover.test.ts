import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { expect, test } from 'vitest'
import { measureFailover } from '../bench/scale/failover.ts'
import { startNetwork } from '../network/network.ts'
import { databaseUrl, needs } from '../system/requirements.ts'
import { slowness } from '../system/slowness.ts'

const able = needs('a leader that is killed behind a proxy', 'PostgreSQL', 'haproxy')

test.skipIf(!able)('visitors notice nothing when one of two AppViews behind HAProxy is killed', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 1 })
  await using database = await createScratchDatabase(databaseUrl())
  const parts = { network, databaseUrl: database.url }
  const found = await measureFailover(parts, { beforeMs: 1_000, afterMs: 2_000 })
  expect(found).toMatchObject({ failedRequests: 0, reason: undefined })
  expect(found.requests).toBeGreaterThan(400)
  // The load takes most of the two cores here; takeover.test.ts holds two seconds without it.
  expect(found.failoverMs).toBeLessThan(5_000 * slowness())
})
