import { AnnounceInterval } from '../announce-interval.ts'
import { newCounts } from '../counts.ts'
import { openSwarmMemory } from '../swarms/memory.ts'
import { Swarms } from '../swarms/swarms.ts'
import { ConnectionIds } from './connection-ids.ts'
import { HttpResponder } from './http.ts'
import { UdpResponder } from './udp.ts'

/** The responders of a tracker without sockets, for tests; its answers are the same at every run. */
export function newResponders(infoHashes: readonly (readonly string[])[]) {
  const swarms = new Swarms(
    openSwarmMemory({ maxTorrents: 10_000, peerBytes: 1 << 24, peersPerAddress: 1000 }),
  )
  for (const names of infoHashes) swarms.allowed.allow(Buffer.from(names.join(''), 'hex'), 0)
  const ids = new ConnectionIds(Buffer.alloc(32, 7))
  ids.setTime(1_000_000)
  const list = { ready: true }
  const shared = {
    swarms,
    interval: new AnnounceInterval(1800),
    counts: newCounts(),
    listReady: () => list.ready,
  }
  return {
    ...shared,
    ids,
    list,
    udp: new UdpResponder({ ...shared, ids, random: () => 0.5 }),
    http: new HttpResponder({ ...shared, trackerId: 'node', random: () => 0.5 }),
  }
}
