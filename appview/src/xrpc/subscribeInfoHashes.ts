import { infoHashChannel } from '../catalog/changes.ts'
import { type Db, toInstant } from '../catalog/sql.ts'
import {
  type InfoHashEvent,
  readInfoHashEvents,
  readPrunedTo,
  readStreamHead,
} from '../catalog/views/stream-reads.ts'
import type { StreamSource } from './streams/broadcast.ts'
import type { StreamEntry } from './streams/recent.ts'
import { encodeMessage } from './streams/wire.ts'

/** Changes of the allow-list, for trackers. */
export function infoHashStream(db: Db): StreamSource {
  return {
    channel: infoHashChannel,
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
    // A tracker that replays must see the removal after the addition, so that both stay.
    purges: false,
    facts: { always: true },
  }
}
