/**
 * A copy of the operator's decisions beside the embedded database: one JSON object a line, only ever added to, and on the disk
 * before a decision is acknowledged. When the database has to be set aside, everything else is gathered again from the
 * network, but what somebody decided is only here.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '@holdfast/runtime/operator-error'
import type { Db } from '../store/sql.ts'
import type { DecisionJournal } from './admissions.ts'
import { type Decision, mergeHistory } from './decisions.ts'

/** The file's name in the data directory. */
export const journalName = 'decisions.jsonl'

export interface OpenJournal extends DecisionJournal, AsyncDisposable {
  /** How many decisions the database lacked and took over from the file. */
  readonly takenOver: number
}

/**
 * Opens the journal in a data directory, which this process must hold alone, and brings it and the database to the same
 * decisions.
 *
 * @throws OperatorError when a line of the file cannot be read
 */
export async function openDecisionJournal(dataDir: string, db: Db): Promise<OpenJournal> {
  const path = join(dataDir, journalName)
  const file = await open(path, 'a+', 0o600)
  try {
    const { decisions, wholeBytes } = parse(await file.readFile('utf8'), path)
    // A line that was being written when the machine stopped belongs to no acknowledged decision.
    await file.truncate(wholeBytes)
    const { missingInCopy, takenOver } = await mergeHistory(db, decisions)
    await write(file, missingInCopy)
    let last = Promise.resolve()
    return {
      takenOver,
      append(added) {
        const written = last.then(() => write(file, added))
        last = written.catch(() => {})
        return written
      },
      async [Symbol.asyncDispose]() {
        await last
        await file.close()
      },
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function write(file: FileHandle, decisions: readonly Decision[]): Promise<void> {
  if (decisions.length === 0) return
  await file.appendFile(decisions.map((decision) => `${JSON.stringify(decision)}\n`).join(''))
  await file.datasync()
}

function parse(text: string, path: string): { decisions: Decision[]; wholeBytes: number } {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const decisions = whole
    .split('\n')
    .slice(0, -1)
    .map((line, at) => {
      const decision = parseDecision(line)
      if (decision) return decision
      throw new OperatorError(
        `Line ${at + 1} of ${path} is not a decision. Nothing was changed. Correct the line, or move the file away if the database has all decisions.`,
      )
    })
  return { decisions, wholeBytes: Buffer.byteLength(whole) }
}

/** Reads a line of the journal; undefined when it is none. */
export function parseDecision(line: string): Decision | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  return isDecision(value) ? value : undefined
}

function isDecision(value: unknown): value is Decision {
  const { id, at, action, subject, subjectKind, reason, by, infoHashes } = (value ?? {}) as Record<
    keyof Decision,
    unknown
  >
  const isText = (field: unknown) => typeof field === 'string' && field !== ''
  const isTextOrNull = (field: unknown) => field === null || typeof field === 'string'
  return (
    isText(id) &&
    typeof at === 'string' &&
    !Number.isNaN(Date.parse(at)) &&
    ['allow', 'deny', 'restore'].includes(action as string) &&
    isText(subject) &&
    ['did', 'uri', 'infohash'].includes(subjectKind as string) &&
    isTextOrNull(reason) &&
    isTextOrNull(by) &&
    Array.isArray(infoHashes) &&
    infoHashes.every(isText)
  )
}
