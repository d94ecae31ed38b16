import { expect, test } from 'vitest'
import { needs } from '../../system/requirements.ts'
import { clusterUnderLoad } from './under-load.ts'

const hasRedis = needs('a cluster of trackers under load', 'redis-server')

test.skipIf(!hasRedis)('loses no swarm under load when a Redis master and a tracker are killed', async () => {
  const rate = 2000
  const seen = await clusterUnderLoad({ rate, seconds: 8 }, () => {})
  expect(seen).toMatchObject({ clients: 16_000, lostSwarms: 0 })
  expect(seen.longestErrorSpellMs).toBeLessThan(5000)
  expect(seen.longestWaitMs).toBeLessThan(5000)
  // The announces that a tracker had not shared yet: a quarter of a second of its third of the clients, on an idle
  // machine.
  expect(seen.lostPeers).toBeLessThan(rate)
  // A third of the clients lost their tracker and had to move to another.
  expect(seen.timeouts).toBeGreaterThan(0)
})
