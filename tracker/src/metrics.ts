import { Counter, Gauge, Registry } from 'prom-client'
import type { AnnounceInterval } from './announce-interval.ts'
import type { Counts } from './counts.ts'
import type { SwarmTotals } from './swarms/swarms.ts'

/**
 * The tracker's metrics. Every label has a fixed set of values: nothing that a client sends becomes a label, so no
 * address, infohash or peer id can.
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
    help: 'Requests by protocol and outcome.',
    labelNames: ['transport', 'outcome'] as const,
    registers,
    collect() {
      this.reset()
      const counts = parts.counts()
      for (const [transport, outcome, name] of requestKinds) this.inc({ transport, outcome }, counts[name])
    },
  })
  void requests
  const peers = new Gauge({
    name: 'holdfast_tracker_peers',
    help: 'Peers that announced recently.',
    labelNames: ['family'] as const,
    registers,
    collect() {
      const totals = parts.totals()
      peers.set({ family: 'ipv4' }, totals.peers4)
      peers.set({ family: 'ipv6' }, totals.peers6)
      peers.set({ family: 'websocket' }, totals.socketPeers)
    },
  })
  const { totals, interval, list } = parts
  gauge('holdfast_tracker_torrents', 'Torrents on the allow-list.', () => totals().torrents)
  gauge('holdfast_tracker_infohashes', 'Infohashes on the allow-list.', () => totals().infoHashes)
  gauge('holdfast_tracker_swarms', 'Torrents with at least one peer.', () => totals().activeSwarms)
  gauge('holdfast_tracker_peer_memory_bytes', 'Memory used by peers.', () => totals().memoryBytes)
  gauge(
    'holdfast_tracker_full_total',
    'Peers that were not added because the memory is used up.',
    () => totals().refusedFull,
  )
  gauge(
    'holdfast_tracker_crowded_total',
    'Peers that were dropped or not added because their address has reached its limit.',
    () => totals().crowded,
  )
  gauge(
    'holdfast_tracker_interval_stretch',
    'Factor by which the announce interval is longer than usual because of load.',
    () => interval.stretch,
  )
  gauge('holdfast_tracker_list_ready', '1 while an allow-list is loaded.', () => (list.ready() ? 1 : 0))
  gauge('holdfast_tracker_list_age_seconds', 'Seconds since the oldest source last confirmed its list.', () =>
    list.ageSeconds(),
  )
  gauge('holdfast_tracker_list_left_out', 'Torrents that are not served because the list is full.', () =>
    list.leftOut(),
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

export interface MetricsParts {
  counts: () => Counts
  totals: () => SwarmTotals
  interval: AnnounceInterval
  list: { ready(): boolean; ageSeconds(): number; leftOut(): number }
  sharing: () => boolean
}

const requestKinds = [
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
  ['redis', 'malformed', 'redisMalformed'],
] as const
