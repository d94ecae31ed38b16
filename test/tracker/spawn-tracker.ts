import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type TrackerProcess = AsyncDisposable & {
  readonly port: number
  readonly udpPort: number
  readonly child: ChildProcess
  /** Kills it at once. */
  kill(): Promise<void>
}

/** A tracker in a process of its own that serves `infoHashes`, alone or with what other nodes share through `redisUrl`. */
export async function spawnTracker(infoHashes: readonly string[], redisUrl = ''): Promise<TrackerProcess> {
  const script = fileURLToPath(new URL('shared-tracker.ts', import.meta.url))
  const args = [script, redisUrl, infoHashes.join(',')]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const ports = JSON.parse(line) as { port: number; udpPort: number }
  return { ...ports, child, kill, [Symbol.asyncDispose]: kill }
}
