import { jsonToLex } from '@atproto/lex-json'
import type { subscribeRecords as schema } from '@holdfast/lexicons'
import { type Authorities, canonicalNsid } from '@holdfast/lexicons/authority'
import { mappedRecord } from '@holdfast/lexicons/foreign'
import { resolveAccount } from '../../catalog/read/account.ts'
import { toAuthorView } from '../../catalog/views/records/author-views.ts'
import { hiddenReason } from '../../catalog/views/records/standing.ts'
import {
  type RecordEvent,
  readPrunedTo,
  readRecordEvents,
  readStreamHead,
} from '../../catalog/views/stream-reads.ts'
import { toSwarm } from '../../catalog/views/torrents/swarm-views.ts'
import { channels } from '../../store/channels.ts'
import { type Db, toInstant } from '../../store/sql.ts'
import type { StreamSource } from '../streams/broadcast.ts'
import type { StreamEntry, StreamFacts } from '../streams/recent.ts'
import type { StreamFilter } from '../streams/serve-stream.ts'
import { encodeMessage } from '../streams/wire.ts'

/** Streams datasets and torrents as they appear, change and disappear. */
export function recordStream(db: Db): StreamSource {
  return {
    channel: channels.records,
    head: () => readStreamHead(db, 'records'),
    prunedTo: () => readPrunedTo(db, 'records'),
    read: async (after, limit, epoch) =>
      (await readRecordEvents(db, after, limit)).map((event) => toEntry(event, epoch)),
  }
}

/** Makes one filter of all parameters: every filter must match, each by any of its values. Undefined when there is none. */
export function recordFilter(db: Db, authorities: Authorities): StreamFilter<typeof schema.main> {
  return async ({ collections, author, keyword, risk }) => {
    if (!collections && !author && !keyword && !risk) return undefined
    const dids = author && new Set(await Promise.all(author.map((name) => resolveAccount(db, name))))
    const canonical = (nsid: string) => canonicalNsid(nsid, authorities) ?? nsid
    const wantedCollections = collections && new Set(collections.map(canonical))
    const wantedKeywords = keyword && new Set(keyword.map((word) => word.toLowerCase()))
    const wantedRisks = risk && new Set<string>(risk)
    return (facts: StreamFacts) =>
      (!wantedCollections || wantedCollections.has(canonical(facts.collection ?? ''))) &&
      (!dids || dids.has(facts.did)) &&
      (!wantedKeywords || (facts.keywords ?? []).some((word) => wantedKeywords.has(word))) &&
      (!wantedRisks || (facts.risks ?? []).some((level) => wantedRisks.has(level)))
  }
}

function toEntry(event: RecordEvent, epoch: string): StreamEntry {
  const { seq, uri, action, record } = event
  const [, , did, collection] = uri.split('/')
  const base = { seq, epoch, time: toInstant(event.time), uri }
  const about = { seq, key: uri }
  // An event about a hidden account only purges earlier events; each of its records has an event of its own.
  if (event.kind === 'account')
    return { ...about, frame: Buffer.alloc(0), purges: true, facts: { always: false } }
  if (action === 'delete') {
    return { ...about, frame: encodeMessage('#delete', base), purges: true, facts: { always: true } }
  }
  if (action === 'hide') {
    const reason = event.standing && hiddenReason(event.standing)
    const frame = encodeMessage('#hide', { ...base, ...(reason && { reason }) })
    return { ...about, frame, purges: true, facts: { always: true } }
  }
  // The record has been hidden since this event was written; a later event says so.
  if (!record) return { ...about, frame: Buffer.alloc(0), purges: false, facts: { always: false } }
  return {
    ...about,
    frame: encodeMessage(`#${action}`, { ...base, ...toBody(event, record) }),
    purges: false,
    facts: {
      always: action === 'unhide',
      ...(collection !== undefined && { collection }),
      ...(did !== undefined && { did }),
      keywords: record.keywords,
      risks: record.risks,
    },
  }
}

function toBody(
  { torrent }: RecordEvent,
  record: NonNullable<RecordEvent['record']>,
): Record<string, unknown> {
  const mapped = mappedRecord(record.value)
  const swarm = torrent && toSwarm(torrent.swarm, { byTracker: false })
  return {
    cid: record.cid,
    record: jsonToLex(record.value as Parameters<typeof jsonToLex>[0]),
    ...(mapped && { mapped }),
    author: toAuthorView(record.author),
    indexedAt: toInstant(record.indexedAt),
    ...(torrent && {
      metainfoStatus: torrent.metainfoStatus,
      ...(torrent.infoHashV1 && { infoHashV1: torrent.infoHashV1 }),
      ...(torrent.infoHashV2 && { infoHashV2: torrent.infoHashV2 }),
    }),
    ...(swarm && { swarm }),
  }
}
