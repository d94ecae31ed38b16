import { CommandError } from '../command-error.ts'
import { expectedSeconds } from './expected-time.ts'
import type { Ledger, Run } from './ledger.ts'
import { type ReadEvent, readSource } from './read.ts'
import type { Source } from './source.ts'
import { type WriteEvent, type WriteParts, writePending, writeRemovals } from './write.ts'

export type FollowEvent =
  | ReadEvent
  | WriteEvent
  /** What will be written now, and how long the server's limits make that take. */
  | { readonly action: 'planned'; readonly writes: number; readonly seconds: number }
  /** So many datasets seem to be gone that nothing was marked. */
  | { readonly action: 'held'; readonly leaving: number; readonly known: number }
  /** The limit was reached before everything was read and written. */
  | { readonly action: 'limited' }

export interface FollowOptions {
  readonly isFull: boolean
  /** The most datasets to write in this run. */
  readonly limit: number | undefined
  /** Asks whether so many datasets are to be marked as removed. */
  mayRemove(leaving: number, known: number): Promise<boolean>
}

/**
 * Brings the records of a repo in step with a source. First the source is read to its end, since its resumption tokens
 * expire; then what is new or changed is written, at the pace of the server; last, what is gone is marked. All of it is
 * kept in the ledger, so that the next call goes on where this one stopped.
 */
export async function* follow(
  source: Source,
  { isFull, limit = Number.POSITIVE_INFINITY, mayRemove }: FollowOptions,
  parts: WriteParts,
): AsyncGenerator<FollowEvent> {
  const { ledger } = parts
  let isRead = false
  let failure: CommandError | undefined
  try {
    isRead = yield* readSource(source, ledger, {
      isFull,
      isForced: parts.statement.replaceFields,
      maxPending: limit,
    })
  } catch (error) {
    // What was read before the source failed can be written nevertheless.
    if (!(error instanceof CommandError) || error.kind === 'interrupted') throw error
    failure = error
  }
  const writes = Math.min(ledger.pendingCount(), limit)
  if (writes > 0) yield { action: 'planned', writes, seconds: expectedSeconds(writes) }
  yield* writePending(parts, limit)
  if (failure) throw failure
  if (!isRead || ledger.pendingCount() > 0) {
    yield { action: 'limited' }
    return
  }
  const leaving = ledger.count('leaving')
  if (leaving > 0) {
    // What is new does not make up for what is gone.
    const { known } = ledger.get<Run>('run')!
    // A source that lost its database, or answers with nothing for another reason, would take everything along.
    if (leaving * 2 <= known || (await mayRemove(leaving, known))) yield* writeRemovals(parts)
    else yield { action: 'held', leaving, known }
  }
  finish(ledger)
}

/** Ends the run, and keeps where the next one begins. */
function finish(ledger: Ledger): void {
  const run = ledger.get<Run>('run')!
  using transaction = ledger.transaction()
  if (run.nextSince !== null) ledger.set('since', run.nextSince)
  ledger.set('run', null)
  transaction.commit()
}
