import {
  type InfoHashEvent,
  readInfoHashEvents,
  readPrunedTo,
  readStreamHead,
} from '../../catalog/views/stream-reads.ts'
import { channels } from '../../store/channels.ts'
import { type Db, toInstant } from '../../store/sql.ts'
import type { StreamSource } from '../streams/broadcast.ts'
import type { StreamEntry } from '../streams/recent.ts'
import { encodeMessage } from '../streams/wire.ts'

/** Streams the changes of the allow-list, for trackers. */
export function infoHashStream(db: Db): StreamSource {
  return {
    channel: channels.infoHashes,
    head: () => readStreamHead(db, 'infoHashes'),
    prunedTo: () => readPrunedTo(db, 'infoHashes'),
    read: async (after, limit, epoch) =>
      (await readInfoHashEvents(db, after, limit)).map((event) => toEntry(event, epoch)),
  }
}

function toEntry({ seq, time, action, infoHashV1, infoHashV2 }: InfoHashEvent, epoch: string): StreamEntry {
  const hashes = { ...(infoHashV1 && { infoHashV1 }), ...(infoHashV2 && { infoHashV2 }) }
  return {
    seq,
    frame: encodeMessage(`#${action}`, { seq, epoch, time: toInstant(time), ...hashes }),
    key: infoHashV2 ?? infoHashV1 ?? '',
    // A tracker that replays must see both the addition and the later removal, so neither is purged.
    purges: false,
    facts: { always: true },
  }
}
