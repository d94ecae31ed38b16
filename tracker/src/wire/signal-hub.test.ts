import { expect, test } from 'vitest'
import { newCounts } from '../counts.ts'
import { openSwarmMemory } from '../swarms/memory.ts'
import { Swarms } from '../swarms/swarms.ts'
import { SignalHub } from './signal-hub.ts'

const hashOf = (torrent: number): Buffer =>
  Buffer.alloc(20)
    .fill(torrent & 255, 0, 1)
    .fill(torrent >> 8, 1, 2)
const name = (torrent: number): string => hashOf(torrent).toString('latin1')

function newHub(torrents = 1) {
  const swarms = new Swarms(openSwarmMemory({ maxTorrents: 10_000, peerBytes: 1 << 20 }))
  for (let torrent = 0; torrent < torrents; torrent++) swarms.allowed.allow(hashOf(torrent), 0)
  const hub = new SignalHub({ swarms, counts: newCounts(), listReady: () => true, peersPerAddress: 8 })
  let last = 0
  const join = (client: string, torrent = 0) => {
    const heard: Record<string, unknown>[] = []
    const socket = { client, send: (text: string) => void heard.push(JSON.parse(text)) }
    const peerId = String(++last).padStart(20, '-')
    const announce = (said = {}) =>
      hub.receive(
        socket,
        JSON.stringify({ action: 'announce', info_hash: name(torrent), peer_id: peerId, left: 0, ...said }),
      )
    announce()
    return { socket, heard, announce }
  }
  return { swarms, hub, join }
}

test.each([
  ['an address', () => '10.0.0.1', 8],
  ['a /64', (peer: number) => `2001:db8:1:2::${peer.toString(16)}`, 8],
  ['a /48', (peer: number) => `2001:db8:1:${peer.toString(16)}::1`, 32],
])('browsers behind %s count as few peers of a swarm', (_, address, expected) => {
  const { swarms, hub, join } = newHub()
  const joined = Array.from({ length: 100 }, (_, peer) => join(address(peer)))
  expect(swarms.totals().socketPeers).toBe(expected)
  // The first browser announces again and replaces the one that was silent longest.
  joined[0]!.announce()
  expect(swarms.totals().socketPeers).toBe(expected)
  for (const { socket } of joined) hub.close(socket)
  expect(swarms.totals().socketPeers).toBe(0)
})

test('limits the torrents of browsers behind one address', () => {
  const { swarms, hub, join } = newHub(5001)
  for (let socket = 0; socket < 11; socket++) {
    const { announce } = join('10.0.0.1', socket * 500)
    const end = Math.min(5001, socket * 500 + 500)
    for (let torrent = socket * 500 + 1; torrent < end; torrent++) announce({ info_hash: name(torrent) })
  }
  const last = join('10.0.0.1', 5000)
  expect(last.heard[0]).toEqual({
    'failure reason': expect.stringContaining('has reached its limit of torrents'),
  })
  expect(swarms.totals().socketPeers).toBe(5000)
  expect(join('10.0.0.2', 5000).heard[0]).toMatchObject({ complete: 1 })
  hub.close(last.socket)
})
