/** One WebTorrent client in a process of its own: `node webtorrent-client.ts '{"torrentFile":…,"directory":…,"role":…}'`. */
import { readFileSync } from 'node:fs'
import WebTorrent from 'webtorrent'
import type { ClientTask } from './clients.ts'

const task = JSON.parse(process.argv[2] ?? '{}') as ClientTask
const client = new WebTorrent({ dht: false, lsd: false, utPex: false, webSeeds: false })
client.on('error', (error) => {
  console.error(error)
  process.exit(1)
})
client.add(readFileSync(task.torrentFile), { path: task.directory }, (torrent) => {
  if (task.role === 'download') torrent.on('done', () => client.destroy(() => process.exit(0)))
})
