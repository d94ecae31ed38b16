import { createHash } from 'node:crypto'
import { importEntry } from '../import/catalog.ts'
import { fit } from '../import/fit.ts'
import { draftOf } from '../import/import-all.ts'
import { kindOfField } from '../import/left-over.ts'
import type { Entry, Ledger, PendingDraft, Run } from './ledger.ts'
import type { Change } from './source.ts'

/** A larger description is not taken: no record could hold it, and it would fill the memory. */
const maxEntryCharacters = 4_000_000

/** What became of one change of the source before anything is written. */
export interface Taken {
  /** Whether the run had not seen the dataset before. */
  readonly isFresh: boolean
  readonly isUnchanged?: boolean
  readonly isOther?: boolean
  /** Why its description cannot be imported, if that is news. */
  readonly problem?: string
}

/** What of a run decides about a change. */
export type RunOfTake = Pick<Run, 'number' | 'isFull' | 'isForced'>

/** Notes in the ledger what a source says of a dataset; a description that is new or changed becomes pending. */
export function takeChange(change: Change, ledger: Ledger, run: RunOfTake): Taken {
  const { number: runNumber } = run
  const { sourceId } = change
  const known = ledger.entry(sourceId)
  if (change.action === 'listed') {
    const isFresh = ledger.noteListed(sourceId)
    // It is still there, although it seemed to be leaving.
    if (known && known.state !== 'removed')
      ledger.putEntry(seen({ ...known, state: known.rkey ? 'kept' : known.state }, runNumber))
    return { isFresh }
  }
  const isFresh = known?.seenRun !== runNumber && ledger.pendingRun(sourceId) !== runNumber
  const base: Entry = known ?? {
    ...{
      sourceId,
      state: 'failed',
      rkey: null,
      digest: null,
      modified: null,
      address: null,
      filesDigest: null,
    },
    ...{ seenRun: runNumber, seenAt: '' },
  }
  switch (change.action) {
    case 'removed':
      ledger.removePending(sourceId)
      if (known && known.state !== 'removed')
        ledger.putEntry({ ...known, state: known.rkey ? 'leaving' : 'removed', seenRun: runNumber })
      return { isFresh }
    case 'not-a-dataset':
      ledger.putEntry(seen({ ...base, state: base.rkey ? base.state : 'other' }, runNumber))
      return { isFresh, isOther: true }
    case 'unreadable':
      return { isFresh, ...fail(base, { ledger, runNumber, problem: change.problem, said: change.problem }) }
    case 'described':
      return { isFresh, ...describe(change, base, { ledger, run, isKnown: known !== undefined }) }
  }
}

interface Context {
  readonly ledger: Ledger
  readonly runNumber: number
}

function describe(
  change: Extract<Change, { action: 'described' }>,
  base: Entry,
  { ledger, run, isKnown }: { ledger: Ledger; run: RunOfTake; isKnown: boolean },
): Omit<Taken, 'isFresh'> {
  const { sourceId, address } = change
  const { number: runNumber } = run
  const modified = change.modified ?? null
  let draft: PendingDraft
  try {
    draft = draftOfChange(change)
  } catch (error) {
    const said = JSON.stringify(change.entry ?? null)
    return fail(base, { ledger, runNumber, problem: (error as Error).message, said })
  }
  const { leftOver: _, ...said } = draft
  const digest = digestOf(JSON.stringify(said))
  // A description that could not be written is tried again when it changes, or with everything else.
  const isSettled =
    base.state === 'kept' || base.state === 'leaving' || (base.state === 'failed' && !run.isFull)
  const isUnchanged = isKnown && isSettled && base.digest === digest && !run.isForced
  const state = base.rkey ? (base.state === 'removed' ? 'removed' : 'kept') : base.state
  if (isKnown) ledger.putEntry(seen({ ...base, state, modified, address }, runNumber))
  if (isUnchanged) {
    ledger.removePending(sourceId)
    return { isUnchanged }
  }
  ledger.addPending({
    sourceId,
    digest,
    modified,
    address,
    draft,
    seenRun: runNumber,
    rkey: base.rkey,
    isKnown: base.rkey !== null,
  })
  return {}
}

function draftOfChange({ kind, entry }: Extract<Change, { action: 'described' }>): PendingDraft {
  if (JSON.stringify(entry ?? null).length > maxEntryCharacters)
    throw new Error(`its description has more than ${maxEntryCharacters} characters`)
  const imported = fit(importEntry(kind, entry, { createdAt: new Date().toISOString() }))
  const { record, rkey, descriptionMarkdown } = draftOf(imported)
  const leftOver = [...new Set(imported.leftOver.map(({ field }) => kindOfField(field)))].slice(0, 100)
  return { record, rkey, ...(descriptionMarkdown !== undefined && { descriptionMarkdown }), leftOver }
}

/** A record that exists stays as it is when its new description cannot be read. */
function fail(
  base: Entry,
  { ledger, runNumber, problem, said }: Context & { problem: string; said: string },
): Omit<Taken, 'isFresh'> {
  const digest = `unreadable ${digestOf(said)}`
  const isNews = base.digest !== digest
  ledger.putEntry(seen({ ...base, state: base.rkey ? base.state : 'failed', digest }, runNumber))
  return isNews ? { problem } : { isUnchanged: true }
}

function seen(entry: Entry, runNumber: number): Entry {
  return { ...entry, seenRun: runNumber, seenAt: new Date().toISOString() }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
