/**
 * Measures how long an AppView on the embedded database takes from its command to its first answer, at its first start and
 * at later ones, how much memory it takes, and how long `holdfast --help` takes. Each figure of time is the median of
 * several runs, after one whose compiled code later ones find; memory is of one run.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../network/free-port.ts'
import { median } from '../system/median.ts'
import { memoryOf } from '../system/process-memory.ts'
import { answering, type Program, startProgram } from '../system/program.ts'
import { scratchDirectory } from '../system/scratch.ts'
import type { Bench } from './main.ts'

const appView = fileURLToPath(new URL('../../appview/bin/holdfast-appview.mjs', import.meta.url))
const holdfast = fileURLToPath(new URL('../../cli/bin/holdfast.mjs', import.meta.url))
const targets = { firstStartMs: 2_000, laterStartMs: 1_000, helpMs: 150, peakMB: 450, settledMB: 300 }

export const run: Bench = async ({ quick, log }) => {
  const rounds = quick ? 1 : 5
  await using scratch = await scratchDirectory()
  const [first, later]: [number[], number[]] = [[], []]
  let memory = { peakMB: Number.NaN, settledMB: Number.NaN }
  for (let round = 0; round <= rounds; round++) {
    const directory = join(scratch.path, String(round))
    const isLast = round === rounds
    const fresh = await startOnce(directory, async (program) => {
      if (!isLast) return
      await setTimeout(quick ? 1_000 : 60_000)
      const { peakMB, residentMB } = memoryOf(program.process.pid)
      memory = { peakMB: Math.round(peakMB), settledMB: Math.round(residentMB) }
    })
    const again = await startOnce(directory)
    log(`start ${round + 1}: ${fresh.toFixed(0)} ms, and again ${again.toFixed(0)} ms`)
    // The first round compiles what the others find compiled.
    if (round > 0) first.push(fresh)
    if (round > 0) later.push(again)
  }
  const help = Array.from({ length: 2 * rounds + 1 }, helpOnce).slice(1)
  const figures = {
    firstStartMs: median(first),
    laterStartMs: median(later),
    helpMs: median(help),
    ...memory,
  }
  const ratios = Object.entries(targets).map(([name, target]) => [
    `${name.replace(/(?:Ms|MB)$/, '')}VsTarget`,
    Number((target / figures[name as keyof typeof figures]).toFixed(2)),
  ])
  return { figures, ratios: Object.fromEntries(ratios) }
}

/** The time until `/health` answers, in milliseconds; then `use` has the program, which is ended like by systemd. */
async function startOnce(directory: string, use?: (program: Program) => Promise<void>): Promise<number> {
  const port = await freePort()
  const env = {
    HOLDFAST_DATA_DIR: directory,
    HOLDFAST_PORT: String(port),
    // Nothing listens there, so that the index stays empty.
    HOLDFAST_SOURCES: 'ws://127.0.0.1:1',
    HOLDFAST_PLC_URL: 'http://127.0.0.1:1',
    HOLDFAST_ALLOW_PRIVATE_HOSTS: 'on',
  }
  const started = performance.now()
  await using program = startProgram(appView, { args: ['serve'], env })
  await answering(program, `http://127.0.0.1:${port}/health`)
  const ms = performance.now() - started
  await use?.(program)
  await program.stop()
  return ms
}

function helpOnce(): number {
  const started = performance.now()
  const { status } = spawnSync(process.execPath, [holdfast, '--help'], { stdio: 'ignore' })
  if (status !== 0) throw new Error(`holdfast --help ended with ${status}`)
  return performance.now() - started
}
