import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { RejectReason } from './reject-reason.ts'

/** The metrics of ingest. Labels have fixed sets of values; hosts are only those that the operator configured. */
export interface IngestMetrics {
  event(host: string, kind: string): void
  reject(reason: RejectReason): void
  /** Counts whole reads. `asked` counts those that the stream made necessary; `done` and `failed` include the backfill. */
  resync(outcome: 'asked' | 'done' | 'failed'): void
  batch(entries: number, durationMs: number): void
  backfilled(host: string, repos: number): void
  /** Rejected events and records since the start, by reason. */
  readonly rejects: ReadonlyMap<RejectReason, { count: number; lastAt: Date }>
  readonly resyncs: Readonly<Record<'asked' | 'done' | 'failed', number>>
  /** How many events concerned us since the start. */
  readonly events: number
}

export interface IngestGauges {
  readonly databaseOk: () => boolean
  readonly reposTracked: () => number
  readonly inFlight: () => number
  readonly sources: () => readonly {
    host: string
    connected: boolean
    frames: number
    bytes: number
    seq: number
    lagMs: number | undefined
    waiting: number
    parked: number
    caughtUp: boolean
  }[]
}

/** Makes the metrics, and registers them if there is a registry; the counts are kept for the status in any case. */
export function createIngestMetrics(registry: Registry | undefined, gauges: IngestGauges): IngestMetrics {
  const registers = registry ? [registry] : []
  const events = new Counter({
    name: 'holdfast_ingest_events_total',
    help: 'Events about indexed accounts or records, by source and kind',
    labelNames: ['host', 'kind'],
    registers,
  })
  const rejected = new Counter({
    name: 'holdfast_ingest_rejects_total',
    help: 'Events and records refused, by reason',
    labelNames: ['reason'],
    registers,
  })
  const resynced = new Counter({
    name: 'holdfast_ingest_resyncs_total',
    help: 'Reads of whole repositories, by outcome',
    labelNames: ['outcome'],
    registers,
  })
  const batches = new Histogram({
    name: 'holdfast_ingest_batch_seconds',
    help: 'Time to commit one batch',
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
    registers,
  })
  const entriesWritten = new Counter({
    name: 'holdfast_ingest_entries_total',
    help: 'Events committed',
    registers,
  })
  const backfilled = new Counter({
    name: 'holdfast_ingest_backfill_repos_total',
    help: 'Repositories listed by backfill, by source',
    labelNames: ['host'],
    registers,
  })
  registerGauges(registry, gauges)
  const rejects = new Map<RejectReason, { count: number; lastAt: Date }>()
  const resyncs = { asked: 0, done: 0, failed: 0 }
  let eventCount = 0
  return {
    event(host, kind) {
      events.inc({ host, kind })
      eventCount++
    },
    get events() {
      return eventCount
    },
    reject(reason) {
      rejected.inc({ reason })
      rejects.set(reason, { count: (rejects.get(reason)?.count ?? 0) + 1, lastAt: new Date() })
    },
    resync(outcome) {
      resynced.inc({ outcome })
      resyncs[outcome]++
    },
    batch(entries, durationMs) {
      batches.observe(durationMs / 1_000)
      entriesWritten.inc(entries)
    },
    backfilled: (host, repos) => backfilled.inc({ host }, repos),
    rejects,
    resyncs,
  }
}

function registerGauges(registry: Registry | undefined, gauges: IngestGauges): void {
  if (!registry) return
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  gauge('holdfast_ingest_database_ok', 'Whether the store takes writes', () => Number(gauges.databaseOk()))
  gauge('holdfast_ingest_repos_tracked', 'Repositories followed', gauges.reposTracked)
  gauge('holdfast_ingest_in_flight', 'Events read and not yet durable', gauges.inFlight)
  const perSource = (name: string, help: string, field: PerSource) =>
    new Gauge({
      name,
      help,
      labelNames: ['host'],
      registers: [registry],
      collect() {
        for (const source of gauges.sources()) this.set({ host: source.host }, Number(source[field]))
      },
    })
  perSource('holdfast_ingest_source_connected', 'Whether the source is connected', 'connected')
  perSource('holdfast_ingest_source_frames', 'Frames read since the start', 'frames')
  perSource('holdfast_ingest_source_bytes', 'Bytes read since the start', 'bytes')
  perSource('holdfast_ingest_source_seq', 'The last sequence number whose rows are durable', 'seq')
  perSource('holdfast_ingest_source_waiting', 'Events of ours read and not yet stored', 'waiting')
  perSource('holdfast_ingest_source_parked', 'Events that wait for the servers of their accounts', 'parked')
  perSource(
    'holdfast_ingest_source_caught_up',
    'Whether all that the source sent is stored and it sends what happens now',
    'caughtUp',
  )
  new Gauge({
    name: 'holdfast_ingest_source_lag_seconds',
    help: 'How far the index is behind the source; absent before the first event of the source',
    labelNames: ['host'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { host, lagMs } of gauges.sources())
        if (lagMs !== undefined) this.set({ host }, lagMs / 1_000)
    },
  })
}

type PerSource = 'connected' | 'frames' | 'bytes' | 'seq' | 'waiting' | 'parked' | 'caughtUp'
