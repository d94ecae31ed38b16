import { hash, randomInt } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import type { HashJob, HashPlan } from '../hashing/job.ts'

// The file is a line of magic, followed by records: key (16 bytes), SHA-1 digests, SHA-256 digests, check (4 bytes). A
// key is a hash of the paths, sizes, times, inodes and ranges that a job reads, so the record of a file that changed on
// disk is not found.

/** The finished pieces of an earlier run. */
export interface ResumeLog {
  /** Yields the jobs that are not finished; the digests of finished jobs are filled in from the file. */
  remaining(jobs: Iterable<HashJob>): Generator<HashJob>
  /**
   * Stores a job's digests, with whatever the caller wants to know when it goes on behind them. Throws StaleResumeError if
   * the job was repeated as a sample and gave other digests.
   */
  readonly done: (job: HashJob, note?: Uint8Array) => void
  /** The note of the finished job just before one that `remaining` has yielded. */
  noteBefore(job: HashJob): Uint8Array | undefined
  resumedBytes(): number
  close(): void
}

/** The file contains digests of other bytes than those on disk. */
export class StaleResumeError extends Error {
  override readonly name = 'StaleResumeError'
}

/** One of this many finished jobs is repeated, and the first in any case, to check whether the file is valid. */
const sampledShare = 64

export interface ResumeOptions {
  /** Whether some finished jobs are repeated, to check whether the file is valid; by default, they are. */
  readonly samples?: boolean
  /** Whether the record of a job may be used; by default, each may. */
  readonly accepts?: (job: HashJob) => boolean
}

/** Opens or creates the file; an incomplete last record, left by a crash, is removed. */
export function openResumeLog(
  path: string,
  plan: HashPlan,
  { samples = true, accepts = () => true }: ResumeOptions = {},
): ResumeLog {
  const sha1 = plan.sha1 && Buffer.from(plan.sha1)
  const sha256 = plan.sha256 && Buffer.from(plan.sha256)
  const salt = JSON.stringify([plan.pieceLengthBytes, sha1 !== null, sha256 !== null])
  const known = readRecords(path)
  const file = openSync(path, 'a')
  if (known.size === 0 && readFileSync(path).length === 0) writeSync(file, magic)
  let resumed = 0
  const sampled = new Map<number, Buffer>()
  const notes = new Map<number, Buffer>()

  const places = (job: HashJob) => {
    const pieces = pieceCount(job, plan)
    return [
      ...(sha1 ? [sha1.subarray(job.firstPiece * 20, (job.firstPiece + pieces) * 20)] : []),
      ...(sha256 ? [sha256.subarray(job.firstPiece * 32, (job.firstPiece + pieces) * 32)] : []),
    ]
  }
  return {
    *remaining(jobs) {
      let lastNote: { readonly behind: number; readonly note: Buffer } | undefined
      for (const job of jobs) {
        if (lastNote?.behind === job.firstPiece - 1) notes.set(job.firstPiece, lastNote.note)
        const digests = known.get(keyOf(job, salt).toString('hex'))
        const targets = places(job)
        const isSampled =
          samples && digests !== undefined && (sampled.size === 0 || randomInt(sampledShare) === 0)
        if (isSampled) sampled.set(job.firstPiece, digests)
        const length = targets.reduce((sum, target) => sum + target.length, 0)
        if (digests === undefined || isSampled || digests.length < length || !accepts(job)) {
          yield job
          continue
        }
        let at = 0
        for (const target of targets) at += digests.copy(target, 0, at)
        lastNote = digests.length > at ? { behind: job.firstPiece, note: digests.subarray(at) } : undefined
        const bytes = job.parts.reduce((sum, { length }) => sum + length, 0)
        resumed += bytes
        Atomics.add(new BigInt64Array(plan.bytesRead), 0, BigInt(bytes))
      }
    },
    noteBefore: ({ firstPiece }) => notes.get(firstPiece),
    done(job, note) {
      const body = Buffer.concat([...places(job), ...(note ? [note] : [])])
      const before = sampled.get(job.firstPiece)
      if (before?.equals(body)) return
      if (before) throw new StaleResumeError(`${path} contains digests of other bytes than those on disk.`)
      const record = Buffer.concat([keyOf(job, salt), lengthBytes(body.length), body])
      writeSync(file, Buffer.concat([record, check(record)]))
    },
    resumedBytes: () => resumed,
    close: () => closeSync(file),
  }
}

const magic = Buffer.from('holdfast resume 2\n')
/** An earlier format, whose keys said less about a file; none of its records are used. */
const olderMagic = Buffer.from('holdfast resume 1\n')
const headerBytes = 20
const checkBytes = 4

function keyOf(job: HashJob, salt: string): Buffer {
  return hash('sha256', `${salt}${JSON.stringify(job.parts)}`, 'buffer').subarray(0, 16)
}

function pieceCount(job: HashJob, { pieceLengthBytes, sha256 }: HashPlan): number {
  if (!sha256) return Math.ceil(job.parts.reduce((sum, { length }) => sum + length, 0) / pieceLengthBytes)
  return job.parts.reduce((sum, { length }) => sum + Math.ceil(length / pieceLengthBytes), 0)
}

/** Reads the complete records and removes what a crash left of the last one. */
function readRecords(path: string): Map<string, Buffer> {
  const records = new Map<string, Buffer>()
  if (!existsSync(path)) return records
  const bytes = readFileSync(path)
  if (bytes.length === 0) return records
  if (bytes.subarray(0, magic.length).equals(olderMagic)) {
    truncateSync(path)
    return records
  }
  if (!bytes.subarray(0, magic.length).equals(magic))
    throw new Error(`${path} is not a resume file; delete it or name another one.`)
  let at = magic.length
  while (at + headerBytes <= bytes.length) {
    const end = at + headerBytes + bytes.readUInt32BE(at + 16)
    if (
      end + checkBytes > bytes.length ||
      !check(bytes.subarray(at, end)).equals(bytes.subarray(end, end + checkBytes))
    )
      break
    records.set(bytes.toString('hex', at, at + 16), bytes.subarray(at + headerBytes, end))
    at = end + checkBytes
  }
  if (at < bytes.length) truncateSync(path, at)
  return records
}

function check(record: Buffer): Buffer {
  return hash('sha256', record, 'buffer').subarray(0, checkBytes)
}

function lengthBytes(length: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  return bytes
}
