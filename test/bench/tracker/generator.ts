import { execFile, spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isInstalled } from './servers.ts'

export interface Load {
  mode: 'udp' | 'echo' | 'http' | 'flood'
  /** The port of the server; without one, a flood goes to a socket that nobody reads. */
  port?: number
  pid?: number
  torrents?: number
  peers?: number
  seconds?: number
  window?: number
  fill?: boolean
  connect?: boolean
  /** The rate in announces per second, whether or not the server keeps up. */
  rate?: number
}

export interface LoadResult {
  answered: number
  failed: number
  lost: number
  sent: number
  seconds: number
  perSecond: number
  p50Us: number
  p99Us: number
  serverUsEach: number
  residentKB: number
}

/** Generates load for trackers: in C if there is a compiler, else in a Node process. */
export interface Generator {
  readonly description: string
  /** Whether it has the flood mode, which needs a compiler. */
  readonly floods: boolean
  hashes(torrents: number): Promise<string>
  run(load: Load): Promise<LoadResult>
}

/** Builds the tracker's batch sockets if there is a compiler, as an operator would, and prints which sockets are measured. */
export function buildBatchSockets(): string {
  const script = fileURLToPath(new URL('../../../tracker/native/build.mjs', import.meta.url))
  const built = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  return built.status === 0
    ? 'by the batch (tracker/native, just built)'
    : `node:dgram and node:net: ${built.stderr.trim()}`
}

/** Compiles the generator into `directory`. */
export function makeGenerator(directory: string): Generator {
  const source = fileURLToPath(new URL('load.c', import.meta.url))
  const binary = path.join(directory, 'load')
  const compiler = ['cc', 'gcc', 'clang'].find(isInstalled)
  const compiled =
    process.platform === 'linux' &&
    compiler !== undefined &&
    spawnSync(compiler, ['-O2', '-o', binary, source], { stdio: 'inherit' }).status === 0
  const command = compiled
    ? [binary]
    : [process.execPath, fileURLToPath(new URL('node-load.ts', import.meta.url))]
  const pinned = isInstalled('taskset') ? ['taskset', '-c', '1', ...command] : command
  const call = async (args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(pinned[0]!, [...pinned.slice(1), ...args], {
      maxBuffer: 1 << 28,
    })
    return stdout
  }
  return {
    description: compiled
      ? `C, compiled with ${compiler}`
      : 'Node, for want of a C compiler: expect less of it',
    floods: compiled,
    hashes: (torrents) => call(['hashes', '--torrents', String(torrents)]),
    async run({ mode, ...options }) {
      const args = Object.entries(options).flatMap(([name, value]) =>
        value === true
          ? [`--${name}`]
          : value === false || value === undefined
            ? []
            : [`--${name}`, String(value)],
      )
      return JSON.parse(await call([mode, ...args])) as LoadResult
    },
  }
}
