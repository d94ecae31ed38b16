import { sql } from 'drizzle-orm'
import { type Db, rows } from '../store/sql.ts'
import { noteRemaining, noteSweeps } from '../store/sweep-notes.ts'
import { writing } from '../store/write-turns.ts'
import {
  type AdmissionAction,
  type AdmissionSubject,
  type Decision,
  newDecision,
  putDecision,
  sweptBy,
  writeHistory,
} from './decisions.ts'
import { countUnsettled, type Scope } from './derive/visibility.ts'
import { knownForms } from './info-hash-forms.ts'
import { countSwept, sweepSome } from './sweeps.ts'

/** Keeps decisions outside the database. */
export interface DecisionJournal {
  /** Resolves when they are on the disk. */
  append(decisions: readonly Decision[]): Promise<void>
}

/**
 * Writes a decision of the operator, which takes effect at once (invariants 5 and 9): when this resolves, what is denied
 * has disappeared from every interface. A decision on an infohash applies to all infohashes of the content, also those that
 * become known later. It is kept in the history, and in `journal` before this resolves. Resolves with how many records are shown or hidden by it; if they are more than a few, their flags are
 * updated afterwards (`sweeps.ts`).
 */
export async function decideAdmission(
  db: Db,
  subject: AdmissionSubject,
  made: {
    action: AdmissionAction
    reason?: string | undefined
    by?: string | undefined
    journal?: DecisionJournal | undefined
  },
): Promise<number> {
  const { affected, scope, sweeps, decision } = await writing(db, async (tx) => {
    const infoHashes = subject.kind === 'infohash' ? await formsOf(tx, subject.value) : []
    const decision = newDecision(subject, { ...made, infoHashes })
    await writeHistory(tx, [decision])
    await putDecision(tx, decision)
    const sweeps = sweptBy(decision)
    await noteSweeps(tx, sweeps)
    const scope = scopeOf(subject, infoHashes)
    return { affected: await countUnsettled(tx, scope, fewRecords), scope, sweeps, decision }
  })
  await made.journal?.append([decision])
  // Many records are counted only after the commit, because until then nothing is hidden.
  const counted = affected < fewRecords ? affected : await countSwept(db, subject, scope, mostCounted)
  // This number is reported until the first batch of the sweep has counted what is left.
  if (affected >= fewRecords) await noteRemaining(db, subject, counted)
  await sweepSome(db, sweeps)
  return Math.max(affected, counted)
}

const fewRecords = 1_000
/** Counting stops at this many records, since the operator waits for the answer. */
const mostCounted = 200_000

/** All infohashes of a content, including those that were known at an earlier decision. */
async function formsOf(tx: Db, infoHash: string): Promise<string[]> {
  const decided = await rows<{ form: string }>(
    tx,
    sql`SELECT info_hash AS form FROM local.info_hash_admission WHERE subject = ${infoHash}`,
  )
  return [...new Set([...(await knownForms(tx, infoHash)), ...decided.map(({ form }) => form)])]
}

function scopeOf({ kind, value }: AdmissionSubject, forms: readonly string[]): Scope {
  if (kind === 'did') return { dids: [value] }
  return kind === 'uri' ? { uris: [value] } : { infoHashes: forms }
}
