/** A tracker in a process of its own: shared-tracker.ts REDIS-URL-OR-NOTHING HASHES prints its ports as a line of JSON. */
import { ownAllowList } from '@holdfast/tracker/allow-list/source'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'

const [redisUrl, hashes] = process.argv.slice(2) as [string, string]
const config = loadConfig({
  HOLDFAST_REDIS_URL: redisUrl,
  HOLDFAST_LOG_LEVEL: 'silent',
  HOLDFAST_TRACKER_HOST: '127.0.0.1',
})
const allowList = ownAllowList(hashes.split(',').map((infoHashV1) => ({ infoHashV1 })))
// The clients of these tests share an address.
const own = { port: 0, udpPort: 0, peersPerAddress: 60_000 }
const { port, udpPort } = await startTracker({ ...config, ...own }, { allowList })
console.log(JSON.stringify({ port, udpPort }))
