import { hash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import type { HashJob, HashPlan } from '../hashing/job.ts'

// The file is a line of magic, then records: key (16 bytes), SHA-1 digests, SHA-256 digests, check (4 bytes). A key is
// made of the paths, sizes, times and stretches a job reads, so that what changed on disk is simply not found again.

/** The finished pieces of an earlier run. */
export interface ResumeLog {
  /** Passes on the jobs that are not done yet; those that are get their digests from the file. */
  remaining(jobs: Iterable<HashJob>): Generator<HashJob>
  /** Remembers a job's digests. */
  readonly done: (job: HashJob) => void
  resumedBytes(): number
  close(): void
}

/** Opens or starts the file; records that were cut short by a crash are dropped. */
export function openResumeLog(path: string, plan: HashPlan): ResumeLog {
  const sha1 = plan.sha1 && Buffer.from(plan.sha1)
  const sha256 = plan.sha256 && Buffer.from(plan.sha256)
  const salt = JSON.stringify([plan.pieceLengthBytes, sha1 !== null, sha256 !== null])
  const known = readRecords(path)
  const file = openSync(path, 'a')
  if (known.size === 0 && readFileSync(path).length === 0) writeSync(file, magic)
  let resumed = 0

  const places = (job: HashJob) => {
    const pieces = pieceCount(job, plan)
    return [
      ...(sha1 ? [sha1.subarray(job.firstPiece * 20, (job.firstPiece + pieces) * 20)] : []),
      ...(sha256 ? [sha256.subarray(job.firstPiece * 32, (job.firstPiece + pieces) * 32)] : []),
    ]
  }
  return {
    *remaining(jobs) {
      for (const job of jobs) {
        const digests = known.get(keyOf(job, salt).toString('hex'))
        const targets = places(job)
        if (digests?.length !== targets.reduce((sum, { length }) => sum + length, 0)) {
          yield job
          continue
        }
        let at = 0
        for (const target of targets) at += digests.copy(target, 0, at)
        const bytes = job.parts.reduce((sum, { length }) => sum + length, 0)
        resumed += bytes
        Atomics.add(new BigInt64Array(plan.bytesRead), 0, BigInt(bytes))
      }
    },
    done(job) {
      const body = Buffer.concat(places(job))
      const record = Buffer.concat([keyOf(job, salt), lengthBytes(body.length), body])
      writeSync(file, Buffer.concat([record, check(record)]))
    },
    resumedBytes: () => resumed,
    close: () => closeSync(file),
  }
}

const magic = Buffer.from('holdfast resume 1\n')
const headerBytes = 20
const checkBytes = 4

function keyOf(job: HashJob, salt: string): Buffer {
  return hash('sha256', `${salt}${JSON.stringify(job.parts)}`, 'buffer').subarray(0, 16)
}

function pieceCount(job: HashJob, { pieceLengthBytes, sha256 }: HashPlan): number {
  if (!sha256) return Math.ceil(job.parts.reduce((sum, { length }) => sum + length, 0) / pieceLengthBytes)
  return job.parts.reduce((sum, { length }) => sum + Math.ceil(length / pieceLengthBytes), 0)
}

/** Reads the whole records and cuts off what a crash left of the last one. */
function readRecords(path: string): Map<string, Buffer> {
  const records = new Map<string, Buffer>()
  if (!existsSync(path)) return records
  const bytes = readFileSync(path)
  if (bytes.length === 0) return records
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
