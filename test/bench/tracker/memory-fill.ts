/** memory-fill.ts TORRENTS PEERS fills swarms in this process, and prints the time and memory that took, as a line of JSON. */
import { newAnnounce, noReply } from '@holdfast/tracker/swarms/announce'
import { openSwarmMemory } from '@holdfast/tracker/swarms/memory'
import { Swarms } from '@holdfast/tracker/swarms/swarms'

const [torrents, peers] = process.argv.slice(2).map(Number) as [number, number]
const idle = process.memoryUsage.rss()
const swarms = new Swarms(openSwarmMemory({ maxTorrents: 4_000_000, peerBytes: 1024 ** 3 }))
const hash = new Uint8Array(20)
const nameOf = (torrent: number): Uint8Array => {
  new DataView(hash.buffer).setUint32(0, Math.imul(torrent + 1, 0x9e3779b1))
  new DataView(hash.buffer).setUint32(4, torrent)
  return hash
}
for (let torrent = 0; torrent < torrents; torrent++) swarms.allowed.allow(nameOf(torrent), 0)
globalThis.gc?.()
const listed = process.memoryUsage.rss()
const announce = newAnnounce()
const begun = performance.now()
let slowest = 0
for (let peer = 0; peer < peers; peer++) {
  announce.address[0] = Math.imul(peer, 0x85ebca6b)
  announce.port = 1 + (peer % 60_000)
  announce.seeder = peer % 4 === 0
  const before = peer % 64 === 0 ? performance.now() : 0
  swarms.announce(nameOf(peer % torrents), 0, announce, noReply)
  if (before > 0) slowest = Math.max(slowest, performance.now() - before)
}
const usEach = ((performance.now() - begun) * 1000) / peers
globalThis.gc?.()
const full = process.memoryUsage.rss()
const { peers4 } = swarms.totals()
console.log(
  JSON.stringify({
    ...{ torrents, peers: peers4, usEach, slowestMs: slowest },
    ...{ listMB: (listed - idle) / 1e6, peersMB: (full - listed) / 1e6, residentMB: full / 1e6 },
    bytesPerPeer: (full - listed) / peers4,
  }),
)
