import { CommandError } from '../command-error.ts'
import type { Ledger, Run } from './ledger.ts'
import type { Answer, Place, Source } from './source.ts'
import { takeChange } from './take.ts'

/** What is told while a source is read. */
export type ReadEvent =
  | {
      readonly action: 'read'
      readonly listed: number
      readonly total: number | undefined
      readonly unchanged: number
      readonly others: number
    }
  /** A list ended before the number that the source states for it, so nothing is concluded from what is missing. */
  | { readonly action: 'incomplete'; readonly listed: number; readonly total: number }
  | { readonly action: 'failed'; readonly sourceId: string; readonly problem: string }

export interface ReadOptions {
  /** Whether everything is read again, and not only what changed. */
  readonly isFull: boolean
  /** Whether what did not change is written, too. */
  readonly isForced?: boolean | undefined
  /** Reading stops once this many descriptions are pending. */
  readonly maxPending: number
}

/** A source that lists only datasets that it listed before, this many pages long, goes round in a circle. */
const maxRepeats = 3
/** If more datasets than this were missed, everything is read again instead of asking for each. */
const maxMissed = 500
const maxIdCharacters = 2_000

/**
 * Reads a source into the ledger, request by request: each answer is kept together with the place of the next one, so that
 * an interrupted run repeats no request. Returns whether the reading is complete.
 */
export async function* readSource(
  source: Source,
  ledger: Ledger,
  options: ReadOptions,
): AsyncGenerator<ReadEvent, boolean> {
  let run = ledger.get<Run | null>('run') ?? begin(source, ledger, options)
  let isResumed = run.place !== null
  while (run.phase !== 'done') {
    if (ledger.pendingCount() >= options.maxPending) return false
    if (run.phase === 'describe') run = yield* describeMissed(source, ledger, run)
    else if (run.isRead) run = yield* afterPhase(source, ledger, run)
    else {
      try {
        if (!(yield* readPhase(source, ledger, { ...options, run }))) return false
        run = ledger.get<Run>('run')!
      } catch (error) {
        if (error instanceof EndlessListError) ledger.set('run', null)
        // A place of an earlier day may be no longer known; then the list begins again.
        if (!isResumed || !isRefusal(error)) throw error
        run = begin(source, ledger, { isFull: run.isWhole, isForced: run.isForced })
      }
      isResumed = false
    }
    ledger.set('run', run)
  }
  return true
}

/** A list that leads in a circle. The next run begins it again. */
class EndlessListError extends CommandError {
  override readonly name = 'EndlessListError'

  constructor({ url }: Source, what: string) {
    super(
      'network',
      `The list of ${url} never ends: ${what}. What was read is kept, and nothing is marked as removed.`,
    )
  }
}

function isRefusal(error: unknown): boolean {
  const { status } = (error instanceof CommandError ? error.details : {}) as { status?: number }
  return status !== undefined && status >= 400 && status < 500
}

function begin(
  source: Source,
  ledger: Ledger,
  { isFull, isForced = false }: Pick<ReadOptions, 'isFull' | 'isForced'>,
): Run {
  const number = (ledger.get<number>('runs') ?? 0) + 1
  const since = isFull ? null : (ledger.get<string | null>('since') ?? null)
  const isWhole = !source.hasDates || since === null
  const reading = { phase: 'changes', isWhole, place: null, isRead: false, total: null } as const
  const known = ledger.count('kept') + ledger.count('leaving')
  const run: Run = { number, known, isFull, isForced, ...reading, since, nextSince: null, listed: 0 }
  const transaction = ledger.transaction()
  ledger.set('runs', number)
  ledger.set('run', run)
  ledger.clearListed()
  transaction.commit()
  return run
}

/** The run under a new number, so that what it lists again counts as seen by it. */
function renumbered(run: Run, ledger: Ledger): Run {
  const number = run.number + 1
  ledger.set('runs', number)
  ledger.clearListed()
  return { ...run, number, listed: 0 }
}

/** Reads the requests of one phase; false if enough is pending before its end. */
async function* readPhase(
  source: Source,
  ledger: Ledger,
  { run: begun, maxPending }: ReadOptions & { run: Run },
): AsyncGenerator<ReadEvent, boolean> {
  let run = begun
  let repeats = 0
  const places = new Set<string>()
  const isList = run.phase === 'list'
  const reading = {
    mode: isList ? 'list' : 'changes',
    since: isList ? undefined : (run.since ?? undefined),
    place: run.place ?? undefined,
  } as const
  for await (const answer of source.read(reading)) {
    using transaction = ledger.transaction()
    if (answer.isRestart) run = renumbered(run, ledger)
    const { fresh, listed } = yield* takeAnswer(answer, ledger, run)
    if (listed > 0 && fresh === 0 && answer.next && ++repeats === maxRepeats)
      throw new EndlessListError(source, 'it lists the same datasets again and again')
    if (fresh > 0) repeats = 0
    assertNew(answer.next, places, source)
    run = {
      ...run,
      place: answer.next ?? null,
      isRead: answer.next === undefined,
      isWhole: run.isWhole && !answer.isUnchanged,
      total: answer.total ?? run.total,
      nextSince: greatest(run.nextSince, answer.since),
      listed: run.listed + listed,
    }
    ledger.set('run', run)
    transaction.commit()
    if (answer.next && ledger.pendingCount() >= maxPending) return false
  }
  return true
}

async function* takeAnswer(
  answer: Answer,
  ledger: Ledger,
  run: Run,
): AsyncGenerator<ReadEvent, { fresh: number; listed: number }> {
  let [fresh, listed, unchanged, others, untold] = [0, 0, 0, 0, 0]
  for await (const change of answer.changes) {
    const taken =
      change.sourceId === '' || change.sourceId.length > maxIdCharacters
        ? { isFresh: false, problem: 'the source gives it no identifier, or one that is too long' }
        : takeChange(change, ledger, run)
    listed++
    if (taken.isFresh) fresh++
    if (taken.isUnchanged) unchanged++
    if (taken.isOther) others++
    if (taken.problem !== undefined)
      yield { action: 'failed', sourceId: change.sourceId.slice(0, 200), problem: taken.problem }
    if (++untold % 1_000 === 0)
      yield { action: 'read', listed: run.listed + listed, total: answer.total, unchanged: 0, others: 0 }
  }
  yield { action: 'read', listed: run.listed + listed, total: answer.total, unchanged, others }
  return { fresh, listed }
}

/** What follows a phase: what the source no longer has is found out, by what was read or by its list. */
async function* afterPhase(source: Source, ledger: Ledger, run: Run): AsyncGenerator<ReadEvent, Run> {
  const { phase, isWhole, listed, total } = run
  if (phase === 'list' || isWhole) {
    if (total !== null && listed < total) yield { action: 'incomplete', listed, total }
    else ledger.leaveUnseen(run.number)
  }
  if (phase === 'list') return { ...run, phase: 'describe', place: null, isRead: false, total: null }
  // Even a whole reading may have missed what moved between its pages.
  const needsList = source.hasDates && (await differs(source, ledger))
  if (needsList) ledger.clearListed()
  return { ...run, phase: needsList ? 'list' : 'done', place: null, isRead: false, total: null, listed: 0 }
}

/** Whether the source has another number of datasets than the ledger, so that the two have to be compared. */
async function differs(source: Source, ledger: Ledger): Promise<boolean> {
  const there = await source.count?.()
  if (there === undefined) return false
  const here = ledger.count('kept') + ledger.count('failed') + ledger.count('other') + ledger.newCount()
  return there < here || (there > here && (source.describe !== undefined || ledger.count('leaving') > 0))
}

/** Describes the datasets that the list names and no request described, which happens when a source changes while it is read. */
async function* describeMissed(source: Source, ledger: Ledger, run: Run): AsyncGenerator<ReadEvent, Run> {
  const missed = source.describe ? ledger.unknownListed() : []
  if (missed.length > maxMissed && !run.isWhole)
    return begin(source, ledger, { isFull: true, isForced: run.isForced })
  for (const sourceId of missed) {
    const change = await source.describe!(sourceId)
    if (!change) continue
    using transaction = ledger.transaction()
    const { problem } = takeChange({ ...change, sourceId }, ledger, run)
    if (problem !== undefined) yield { action: 'failed', sourceId, problem }
    transaction.commit()
  }
  return { ...run, phase: 'done' }
}

function assertNew(next: Place | undefined, places: Set<string>, source: Source): void {
  if (!next) return
  const key = JSON.stringify(next)
  if (places.has(key)) throw new EndlessListError(source, 'its pages lead back to themselves')
  places.add(key)
}

function greatest(known: string | null, given: string | undefined): string | null {
  if (given === undefined) return known
  return known === null || given > known ? given : known
}
