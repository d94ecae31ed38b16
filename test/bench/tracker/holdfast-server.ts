import { readFileSync } from 'node:fs'
import { ownAllowList } from '@holdfast/tracker/allow-list/source'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'

const [port, hashFile] = process.argv.slice(2)
const hashes = readFileSync(hashFile!, 'utf8').trim().split('\n')
const config = loadConfig({ HOLDFAST_TRACKER_HOST: '127.0.0.1', HOLDFAST_LOG_LEVEL: 'silent' })
await startTracker(
  { ...config, port: Number(port), udpPort: Number(port), socketsPerAddress: 10_000 },
  { allowList: ownAllowList(hashes.map((infoHashV1) => ({ infoHashV1 }))) },
)
hashes.length = 0
globalThis.gc?.()
console.log('ready')
