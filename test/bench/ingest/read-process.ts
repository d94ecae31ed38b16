/**
 * Microseconds of a processor that each frame takes for each step of reading a stream up to the signature. Started by
 * `ingest.ts` with `ours` or `atcute`, the recording, and how long to measure a step: a process for each, so that neither
 * runs code that was compiled for the other's values.
 */
import { readFileSync } from 'node:fs'
import { median } from '../../system/median.ts'
import { atcute } from './read-with-atcute.ts'
import { ours } from './read-with-ours.ts'
import type { Reading } from './reading.ts'

const [way, path = '', shortestMs] = process.argv.slice(2)
/** The last frames are used, whose trees are as deep as those of older accounts. */
const mostFrames = 4_000
const frames = readFrames(readFileSync(path)).slice(-mostFrames)
console.log(JSON.stringify(await (way === 'ours' ? measure(ours) : measure(atcute))))

async function measure<Commit>(reading: Reading<Commit>) {
  const commits = frames.map((frame) => reading.decode(frame))
  return {
    pass: await microseconds(frames, reading.pass),
    decode: await microseconds(frames, (frame) => void reading.decode(frame)),
    openCar: await microseconds(commits, reading.openCar),
    checkBlocks: await microseconds(commits, reading.checkBlocks),
    prove: await microseconds(commits, reading.prove),
    findRecord: await microseconds(commits, reading.findRecord),
  }
}

/**
 * The processor time of a step in microseconds, independent of other load: the median of five rounds, after one that
 * does not count.
 */
async function microseconds<T>(
  items: readonly T[],
  step: (item: T) => void | Promise<void>,
): Promise<number> {
  const rounds: number[] = []
  for (let round = 0; round < 6; round++) {
    let count = 0
    const started = performance.now()
    const before = process.cpuUsage()
    do {
      for (const item of items) {
        const pending = step(item)
        if (pending) await pending
      }
      count += items.length
    } while (performance.now() - started < Number(shortestMs))
    const { user, system } = process.cpuUsage(before)
    rounds.push((user + system) / count)
  }
  return median(rounds.slice(1))
}

function readFrames(recording: Buffer): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = 0; at < recording.length; ) {
    const length = recording.readUInt32BE(at)
    found.push(new Uint8Array(recording.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return found
}
