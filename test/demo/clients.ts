import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface TorrentClient extends AsyncDisposable {
  readonly name: string
  /** Resolves when the client exits by itself, which means that the download is complete. */
  readonly done: Promise<void>
}

export interface ClientTask {
  torrentFile: string
  /** The directory that contains, or will contain, the torrent's root. */
  directory: string
  role: 'seed' | 'download'
}

/** Whether Debian's aria2 is installed; otherwise WebTorrent, from npm, is used. */
export const clientName = spawnSync('aria2c', ['--version']).status === 0 ? 'aria2' : 'WebTorrent'

/** Starts a BitTorrent client in a process of its own that knows only the tracker: no DHT, no local discovery. */
export function startClient(task: ClientTask): TorrentClient {
  const child = clientName === 'aria2' ? spawnAria2(task) : spawnWebTorrent(task)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const done = exited.then((code) => {
    if (code !== 0) throw new Error(`${clientName} ended with ${code}: ${output.slice(-2_000)}`)
  })
  done.catch(() => {})
  return {
    name: clientName,
    done,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill('SIGKILL')
      await exited
    },
  }
}

function spawnAria2({ torrentFile, directory, role }: ClientTask): ChildProcess {
  const common = ['--no-conf', '--enable-dht=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false']
  const quiet = [
    '--console-log-level=warn',
    '--summary-interval=0',
    '--interface=127.0.0.1',
    '--file-allocation=none',
  ]
  const mode =
    role === 'seed'
      ? ['--seed-ratio=0.0', '--check-integrity=true']
      : ['--seed-time=0', '--bt-stop-timeout=60']
  return spawn('aria2c', [...common, ...quiet, ...mode, `--dir=${directory}`, torrentFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function spawnWebTorrent(task: ClientTask): ChildProcess {
  const script = fileURLToPath(new URL('webtorrent-client.ts', import.meta.url))
  return spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The SHA-256 of every file below a directory, by relative path. */
export async function hashTree(directory: string): Promise<Record<string, string>> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const hashes: Record<string, string> = {}
  for (const path of paths.sort()) {
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(path)) hash.update(chunk)
    hashes[path.slice(directory.length + 1)] = hash.digest('hex')
  }
  return hashes
}
