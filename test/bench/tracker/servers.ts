import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A tracker in a process of its own, pinned to one core. */
export type BenchServer = AsyncDisposable & { readonly pid: number; readonly port: number }

export type ServerName = 'holdfast' | 'bittorrent-tracker' | 'opentracker' | 'echo'

export function isInstalled(command: string): boolean {
  return spawnSync('which', [command]).status === 0
}

/** Starts `name` with the infohashes of `hashFile` allowed, and HTTP and UDP on the same port. */
export async function startServer(name: ServerName, hashFile: string): Promise<BenchServer> {
  const port = await freePort()
  const script = fileURLToPath(new URL(`${name}-server.ts`, import.meta.url))
  const node = [process.execPath, '--expose-gc', script, String(port), hashFile]
  const opentracker = [
    'opentracker',
    '-i',
    '127.0.0.1',
    '-p',
    String(port),
    '-P',
    String(port),
    '-w',
    hashFile,
    '-d',
    '/',
  ]
  const command = name === 'opentracker' ? opentracker : node
  const pinned = isInstalled('taskset') ? ['taskset', '-c', '0', ...command] : command
  const child = spawn(pinned[0]!, pinned.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
  if (name === 'opentracker') {
    child.stdout!.resume()
    await reachable(port, child)
  } else await once(child.stdout!, 'data')
  return {
    pid: child.pid!,
    port,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function reachable(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`opentracker ended at once with ${child.exitCode}`)
    const answer = await fetch(`http://127.0.0.1:${port}/scrape`).catch(() => undefined)
    if (answer !== undefined) return
    await wait(50)
  }
  throw new Error('opentracker does not answer')
}
