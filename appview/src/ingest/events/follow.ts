import { createBackoff } from '../../runtime/backoff.ts'
import type { KeyedQueue } from '../../runtime/keyed-queue.ts'
import { isTransient } from '../../store/database-fault.ts'
import { IdentityUnavailableError } from '../identity/did-resolver.ts'
import type { IngestMetrics } from '../metrics.ts'
import { readEventTime } from '../source/event-time.ts'
import type { Origin, Source, SourceItem } from '../source/source.ts'
import type { Committer } from '../state/committer.ts'
import { createConsecutiveCursor } from '../state/consecutive-cursor.ts'
import type { GiveUp } from './give-up.ts'
import { createIngestEvent, type IngestEvent } from './ingest-event.ts'
import { createLagMeter, type Lag } from './lag.ts'
import { NoRoomError, type Place, type Places } from './places.ts'
import type { EventProcessor } from './process-event.ts'

export interface FollowParts {
  readonly committer: Committer
  readonly places: Places
  readonly queue: KeyedQueue
  readonly process: EventProcessor
  readonly metrics: IngestMetrics
  readonly signal: AbortSignal
  /** Finds out whether the source is a PDS or a relay; asks until it answers. */
  readonly originOf: (host: string) => Promise<Origin>
  /** The position up to which the source was read before; undefined if it never was. */
  readonly startFrom: (host: string) => Promise<{ seq: number; eventTime?: string } | undefined>
  readonly forgetCursor: (host: string) => Promise<void>
  /** Called when events of the source may have been missed, so that its repositories have to be compared. */
  readonly onGap: (host: string, why: string) => void
  /** Called when handling an event or a source failed because of this program or its store; it is tried again. */
  readonly onTrouble: (about: string, error: unknown) => void
  readonly giveUp: GiveUp
}

/** Follows one source until the signal. */
export interface Following {
  readonly host: string
  readonly done: Promise<void>
  /**
   * The last event that may be written as the cursor, as all before it are settled, and when it was made if that is
   * known.
   */
  position(): { seq: number; timeMs: number | undefined } | undefined
  /** Everything that was settled so far is stored. */
  stored(): void
  lag(): Lag
}

export function follow(source: Source, parts: FollowParts): Following {
  let position = createConsecutiveCursor()
  let startedFromMs: number | undefined
  const lag = createLagMeter(source.state, { storedMs: () => position.timeMs ?? startedFromMs })
  const take = async (item: SourceItem, origin: Origin): Promise<void> => {
    switch (item.kind) {
      case 'progress':
        position.pass(item.seq, item.timeMs)
        return parts.committer.touch()
      case 'malformed':
        return parts.metrics.reject('invalid-cbor')
      case 'gap':
        return parts.onGap(source.host, item.why)
      case 'restart':
        position = createConsecutiveCursor()
        startedFromMs = undefined
        await parts.forgetCursor(source.host)
        return parts.onGap(source.host, item.why)
      case 'event':
        return startEvent(item, origin)
    }
  }
  const startEvent = async (
    { frame, onSettled }: Extract<SourceItem, { kind: 'event' }>,
    origin: Origin,
  ): Promise<void> => {
    const sizeBytes = 'blocks' in frame ? frame.blocks.length : 500
    const timeMs = readEventTime(frame.time, Date.now())
    const waiting = lag.begin()
    const place = await parts.places.enter(frame.did, sizeBytes)
    waiting.place = place
    const finish = position.begin(frame.seq, timeMs)
    const event = createIngestEvent(frame, origin, {
      onAsk: place.await,
      onSettled() {
        finish()
        waiting.settled()
        place.leave()
        onSettled()
      },
    })
    void parts.queue.run(frame.did, () => handle(event, place, parts))
  }
  const begin = async (): Promise<number> => {
    const from = await parts.startFrom(source.host)
    startedFromMs = from?.eventTime === undefined ? undefined : Date.parse(from.eventTime)
    return from?.seq ?? 0
  }
  const run = async (): Promise<void> => {
    const origin = await parts.originOf(source.host)
    const backoff = createBackoff(200, 10_000)
    while (!parts.signal.aborted) {
      try {
        const cursor = position.at ?? (await begin())
        for await (const item of source.read(cursor, parts.signal)) await take(item, origin)
      } catch (error) {
        parts.onTrouble(source.host, error)
        await backoff.pause(parts.signal)
      }
    }
  }
  return {
    host: source.host,
    done: run(),
    position: () => (position.at === undefined ? undefined : { seq: position.at, timeMs: position.timeMs }),
    stored: lag.stored,
    lag: lag.read,
  }
}

const patienceTries = 2

/** Only an unreachable directory or store holds an event, and with it the cursor. Nothing that a stranger sends does. */
async function handle(event: IngestEvent, place: Place, parts: FollowParts): Promise<void> {
  const { frame } = event
  const backoff = createBackoff(200, 10_000)
  const giveUp = (why: string) => parts.giveUp(event, why)
  for (let tries = 1; !parts.signal.aborted; tries++) {
    if (place.isLost) return giveUp('more of its events came than may wait for its server')
    try {
      await parts.process(event)
      place.answered()
      return parts.committer.touch()
    } catch (error) {
      if (error instanceof NoRoomError) return giveUp(error.message)
      const keepsTrying =
        error instanceof IdentityUnavailableError ? frame.did.startsWith('did:plc:') : isTransient(error)
      if (!keepsTrying && tries >= patienceTries) {
        return giveUp(error instanceof Error ? error.message : String(error))
      }
      parts.onTrouble(frame.did, error)
      await backoff.pause(parts.signal)
    }
  }
}
