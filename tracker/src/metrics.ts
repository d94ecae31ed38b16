import { Counter, Gauge, Registry } from 'prom-client'
import type { Counts } from './counts.ts'
import type { Pace } from './pace.ts'
import type { SwarmTotals } from './swarms/swarms.ts'

/**
 * The tracker's metrics. Every label is one of a fixed set of words: nothing a client sends becomes a label, so
 * no address, infohash or peer id can.
 */
export function newMetrics(parts: MetricsParts): Registry {
  const registry = new Registry()
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }
  const requests = new Counter({
    name: 'holdfast_tracker_requests_total',
    help: 'Requests by how they came and what became of them.',
    labelNames: ['transport', 'outcome'] as const,
    registers,
    collect() {
      this.reset()
      const counts = parts.counts()
      for (const [transport, outcome, name] of REQUESTS) this.inc({ transport, outcome }, counts[name])
    },
  })
  void requests
  const peers = new Gauge({
    name: 'holdfast_tracker_peers',
    help: 'Peers that announced lately.',
    labelNames: ['family'] as const,
    registers,
    collect() {
      const totals = parts.totals()
      peers.set({ family: 'ipv4' }, totals.peers4)
      peers.set({ family: 'ipv6' }, totals.peers6)
      peers.set({ family: 'websocket' }, totals.socketPeers)
    },
  })
  const { totals, pace, list } = parts
  gauge('holdfast_tracker_torrents', 'Torrents on the allow-list.', () => totals().torrents)
  gauge('holdfast_tracker_infohashes', 'Infohashes on the allow-list.', () => totals().infoHashes)
  gauge('holdfast_tracker_swarms', 'Torrents with at least one peer.', () => totals().activeSwarms)
  gauge('holdfast_tracker_peer_memory_bytes', 'Memory that peers take.', () => totals().memoryBytes)
  gauge(
    'holdfast_tracker_full_total',
    'Peers not taken in because the memory is used up.',
    () => totals().refusedFull,
  )
  gauge(
    'holdfast_tracker_interval_stretch',
    'How much longer than usual clients are asked to wait.',
    () => pace.stretch,
  )
  gauge('holdfast_tracker_list_ready', '1 while there is an allow-list to serve.', () =>
    list.ready() ? 1 : 0,
  )
  gauge('holdfast_tracker_list_age_seconds', 'Seconds since the oldest source last confirmed its list.', () =>
    list.ageSeconds(),
  )
  gauge('holdfast_tracker_sharing', '1 while swarms are shared with other nodes.', () =>
    parts.sharing() ? 1 : 0,
  )
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  gauge('process_cpu_seconds_total', 'Processor time.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  return registry
}

export type MetricsParts = {
  counts: () => Counts
  totals: () => SwarmTotals
  pace: Pace
  list: { ready(): boolean; ageSeconds(): number }
  sharing: () => boolean
}

const REQUESTS = [
  ['udp', 'connect', 'udpConnects'],
  ['udp', 'announce', 'udpAnnounces'],
  ['udp', 'scrape', 'udpScrapes'],
  ['udp', 'unknown-torrent', 'udpUnknown'],
  ['udp', 'bad-connection-id', 'udpBadConnectionId'],
  ['udp', 'malformed', 'udpMalformed'],
  ['udp', 'no-list', 'udpUnready'],
  ['udp', 'dropped', 'udpDropped'],
  ['http', 'connect', 'httpConnections'],
  ['http', 'announce', 'httpAnnounces'],
  ['http', 'scrape', 'httpScrapes'],
  ['http', 'unknown-torrent', 'httpUnknown'],
  ['http', 'malformed', 'httpMalformed'],
  ['http', 'no-list', 'httpUnready'],
  ['http', 'refused-socket', 'httpRefusedSockets'],
  ['http', 'refused-proxy', 'proxyRefused'],
  ['websocket', 'connect', 'socketConnections'],
  ['websocket', 'announce', 'socketAnnounces'],
  ['websocket', 'scrape', 'socketScrapes'],
  ['websocket', 'offer', 'socketOffers'],
  ['websocket', 'answer', 'socketAnswers'],
  ['websocket', 'unknown-torrent', 'socketUnknown'],
  ['websocket', 'malformed', 'socketMalformed'],
  ['websocket', 'no-list', 'socketUnready'],
] as const
