import type { RepoFrame } from '../frame/frame.ts'
import { IdentityUnavailable } from '../identity/did-resolver.ts'
import type { IngestMetrics } from '../metrics.ts'
import { createBackoff } from '../source/backoff.ts'
import type { Source, SourceItem } from '../source/source.ts'
import type { Committer } from './committer.ts'
import { createConsecutiveCursor } from './consecutive-cursor.ts'
import { isTransient } from './database-fault.ts'
import type { Gate } from './gate.ts'
import type { GiveUp } from './give-up.ts'
import type { Origin } from './judge-commit.ts'
import type { Lanes } from './lanes.ts'
import type { EventProcessor } from './process-event.ts'

export type FollowParts = {
  readonly committer: Committer
  readonly gate: Gate
  readonly lanes: Lanes
  readonly process: EventProcessor
  readonly metrics: IngestMetrics
  readonly signal: AbortSignal
  /** Finds out, however long it takes, whether the source is a PDS or a relay. */
  readonly originOf: (host: string) => Promise<Origin>
  readonly startFrom: (host: string) => Promise<number>
  readonly forgetCursor: (host: string) => Promise<void>
  /** The source may have lost events we never saw: its repositories must be looked at. */
  readonly onGap: (host: string, why: string) => void
  /** Handling an event, or a source, failed for a reason of ours; it is tried again. */
  readonly onTrouble: (about: string, error: unknown) => void
  readonly giveUp: GiveUp
}

/** Follows one source until the signal. */
export type Following = {
  readonly host: string
  readonly done: Promise<void>
  /** The last consecutive event that may be written as the cursor. */
  position(): number | undefined
}

export function follow(source: Source, parts: FollowParts): Following {
  let position = createConsecutiveCursor()
  const take = async (item: SourceItem, origin: Origin): Promise<void> => {
    switch (item.kind) {
      case 'progress':
        position.pass(item.seq)
        return parts.committer.touch()
      case 'malformed':
        return parts.metrics.reject('invalid-cbor')
      case 'gap':
        return parts.onGap(source.host, item.why)
      case 'restart':
        position = createConsecutiveCursor()
        await parts.forgetCursor(source.host)
        return parts.onGap(source.host, item.why)
      case 'event':
        return startEvent(item, origin)
    }
  }
  const startEvent = async (
    { frame, decided }: Extract<SourceItem, { kind: 'event' }>,
    origin: Origin,
  ): Promise<void> => {
    const sizeBytes = 'blocks' in frame ? frame.blocks.length : 500
    await parts.gate.enter(sizeBytes)
    const finish = position.begin(frame.seq)
    let open = true
    const taken = () => {
      if (!open) return
      open = false
      finish()
      parts.gate.leave(sizeBytes)
    }
    void parts.lanes.run(frame.did, () =>
      processTillDecided({ frame, origin, taken }, parts).finally(decided),
    )
  }
  const run = async (): Promise<void> => {
    const origin = await parts.originOf(source.host)
    const backoff = createBackoff(200, 10_000)
    while (!parts.signal.aborted) {
      try {
        const cursor = position.at ?? (await parts.startFrom(source.host))
        for await (const item of source.read(cursor, parts.signal)) await take(item, origin)
      } catch (error) {
        parts.onTrouble(source.host, error)
        await backoff.pause(parts.signal)
      }
    }
  }
  return { host: source.host, done: run(), position: () => position.at }
}

const PATIENCE_TRIES = 2

/** The directory or the store being away holds the event, and with it the cursor; nothing a stranger sends does. */
async function processTillDecided(
  { frame, origin, taken }: { frame: RepoFrame; origin: Origin; taken: () => void },
  parts: FollowParts,
): Promise<void> {
  const backoff = createBackoff(200, 10_000)
  for (let tries = 1; !parts.signal.aborted; tries++) {
    try {
      await parts.process(frame, origin, taken)
      return parts.committer.touch()
    } catch (error) {
      const held =
        error instanceof IdentityUnavailable ? frame.did.startsWith('did:plc:') : isTransient(error)
      if (!held && tries >= PATIENCE_TRIES) {
        return parts.giveUp(frame, error instanceof Error ? error.message : String(error), taken)
      }
      parts.onTrouble(frame.did, error)
      await backoff.pause(parts.signal)
    }
  }
}
