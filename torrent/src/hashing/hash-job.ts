import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { HashJob, HashPart, HashPlan } from './job.ts'
import { pieceHasher } from './piece-hasher.ts'
import { treeHasher } from './tree-hasher.ts'

/** The read size: this much stays in the cache of a core while both hashes process it. */
const readBytes = 256 * 1024

/**
 * Makes the function that runs jobs: each byte is read once and hashed with SHA-1 and SHA-256. Throws an Error for
 * files that changed.
 */
export function hashJob(plan: HashPlan): (job: HashJob) => void {
  const buffer = Buffer.allocUnsafeSlow(readBytes)
  const bytesRead = new BigInt64Array(plan.bytesRead)
  const v1 = plan.sha1 ? pieceHasher(plan.pieceLengthBytes, Buffer.from(plan.sha1)) : null
  const v2 = plan.sha256 ? treeHasher(plan.pieceLengthBytes, Buffer.from(plan.sha256)) : null
  const onChunk = (chunk: Buffer) => {
    v1?.add(chunk)
    v2?.add(chunk)
    Atomics.add(bytesRead, 0, BigInt(chunk.length))
  }

  return (job) => {
    v1?.start(job.firstPiece)
    v2?.start(job.firstPiece)
    for (const part of job.parts) {
      v2?.startPart(part.sizeBytes)
      const missing = part.length - readPart(part, { plan, buffer, onChunk })
      if (missing > 0) {
        v1?.skip(missing)
        v2?.skip(missing)
      }
      v2?.endPart()
      v1?.addZeros(part.padBytes)
    }
    v1?.finish()
  }
}

interface Reading {
  readonly plan: HashPlan
  readonly buffer: Buffer
  readonly onChunk: (chunk: Buffer) => void
}

/** Reads as much of the part as exists; returns the number of bytes. */
function readPart(part: HashPart, { plan, buffer, onChunk }: Reading): number {
  if (part.length === 0) return 0
  let file: number
  try {
    file = openSync(part.path, openFlags)
  } catch (error) {
    if (plan.onBadFile === 'leave') return 0
    throw error
  }
  let done = 0
  try {
    if (plan.onBadFile === 'throw') assertUnchanged(file, part)
    // A pipe might never end, and what a device returns is not content.
    else if (!fstatSync(file).isFile()) return 0
    while (done < part.length) {
      const wanted = Math.min(buffer.length, part.length - done)
      const read = fill(file, buffer.subarray(0, wanted), part.from + done)
      if (read > 0) onChunk(buffer.subarray(0, read))
      done += read
      if (read < wanted && plan.onBadFile === 'throw') throw changed(part)
      if (read < wanted) return done
    }
    return done
  } catch (error) {
    if (plan.onBadFile === 'leave') return done
    throw error
  } finally {
    closeSync(file)
  }
}

function assertUnchanged(file: number, part: HashPart): void {
  const found = fstatSync(file)
  const { size, mtimeMs, ctimeMs } = found
  const isAsListed = part.stamp === null || (mtimeMs === part.stamp.mtimeMs && ctimeMs === part.stamp.ctimeMs)
  if (size !== part.sizeBytes || !isAsListed || !found.isFile()) throw changed(part)
}

function changed({ path }: HashPart): Error {
  return new Error(`${path} changed while it was being hashed; run again when nothing writes to it.`)
}

/** Without O_NONBLOCK, opening a pipe would wait for a writer. */
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Fills the buffer unless the file ends, because a short read must not split a block of the hash tree. */
function fill(file: number, buffer: Buffer, position: number): number {
  let filled = 0
  while (filled < buffer.length) {
    const read = readSync(file, buffer, filled, buffer.length - filled, position + filled)
    if (read === 0) break
    filled += read
  }
  return filled
}
