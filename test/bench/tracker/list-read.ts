/**
 * list-read.ts ENTRIES reads a list of that length from a server in another process, into swarms and onto the disk, and
 * announces all the while; prints what that took, as JSON. With `turns` it announces in every turn of the event loop and
 * says how much processor time the longest turns took, which a busy machine does not change.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate, setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { followAppViews } from '@holdfast/tracker/allow-list/follow'
import { newAllowListTarget } from '@holdfast/tracker/allow-list/target'
import { newAnnounce, noReply } from '@holdfast/tracker/swarms/announce'
import { openSwarmMemory } from '@holdfast/tracker/swarms/memory'
import { Swarms } from '@holdfast/tracker/swarms/swarms'
import { pino } from 'pino'

const [entries = '3500000', mode] = process.argv.slice(2)
const turn = mode === 'turns' ? () => setImmediate() : () => wait(1)
const directory = await mkdtemp(path.join(os.tmpdir(), 'holdfast-bench-'))
const script = fileURLToPath(new URL('list-server.ts', import.meta.url))
const child = spawn(process.execPath, [script, entries], { stdio: ['ignore', 'pipe', 'inherit'] })
const [port] = (await once(createInterface(child.stdout), 'line')) as [string]
const url = `http://127.0.0.1:${port}`
const options = {
  urls: [url],
  directory,
  maxAgeMs: 86_400_000,
  startedAtMs: Date.now(),
  log: pino({ level: 'silent' }),
}

/** The processor time of this thread. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Follows the AppView until a list is loaded, and then stops, which saves the list. */
async function follow() {
  globalThis.gc?.()
  const idleMB = process.memoryUsage.rss() / 1e6
  const swarms = new Swarms(openSwarmMemory({ maxTorrents: 4_000_000, peerBytes: 1 << 26 }))
  const announce = newAnnounce()
  const cpu = process.cpuUsage()
  const begun = performance.now()
  const list = followAppViews(options)(newAllowListTarget(swarms))
  const pauses: number[] = []
  let peakMB = 0
  let last = cpuMs()
  let readSeconds = 0
  let over: Promise<void> | undefined
  let stopped = false
  while (!stopped) {
    await turn()
    const now = cpuMs()
    pauses.push(now - last)
    last = now
    swarms.announce(new Uint8Array(20), 0, announce, noReply)
    if (pauses.length % 256 === 0) peakMB = Math.max(peakMB, process.memoryUsage.rss() / 1e6)
    if (over !== undefined || !list.ready()) continue
    readSeconds = (performance.now() - begun) / 1000
    over = Promise.resolve(list[Symbol.asyncDispose]()).then(() => {
      stopped = true
    })
  }
  await over
  const { user, system } = process.cpuUsage(cpu)
  globalThis.gc?.()
  const settledMB = process.memoryUsage.rss() / 1e6
  pauses.sort((a, b) => b - a)
  const torrents = swarms.totals().torrents
  return {
    ...{ torrents, readSeconds, cpuSeconds: (user + system) / 1e6 },
    ...{ longestPauseMs: pauses[0], tenthPauseMs: pauses[9], over5Ms: pauses.filter((ms) => ms > 5).length },
    ...{ idleMB, peakMB, settledMB, memoryFactor: peakMB / settledMB },
  }
}

const read = await follow()
child.kill()
const restored = await follow()
const [file] = await readdir(directory)
const fileMB = (await stat(path.join(directory, file!))).size / 1e6
await rm(directory, { recursive: true })
console.log(JSON.stringify({ read, restored, fileMB }, null, 1))
