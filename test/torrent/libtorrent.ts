import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Debian's Python, for which python3-libtorrent is built. */
const python = '/usr/bin/python3'

export interface LibtorrentVerdict {
  readonly ok: boolean
  readonly error?: string
  readonly v1: string | null
  readonly v2: string | null
  readonly sizeBytes: number
  readonly paddedSizeBytes: number
  readonly fileCount: number
}

export interface Libtorrent extends AsyncDisposable {
  parse(file: string): Promise<LibtorrentVerdict>
  create(request: LibtorrentCreate): Promise<{ v1: string | null; v2: string | null }>
  /** Hashes like `create` and returns how long `set_piece_hashes` took. */
  hash(request: LibtorrentCreate): Promise<{ seconds: number }>
}

export interface LibtorrentCreate {
  /** The directory that contains the torrent's own. */
  readonly root: string
  readonly name: string
  /** The path and size; an empty path is the single file `name`. */
  readonly files: readonly (readonly [string, number])[]
  readonly pieceLengthBytes: number
  readonly version: 'v1' | 'v2' | 'hybrid'
}

/** Starts libtorrent behind its driver script; requests are answered in order. */
export function startLibtorrent(): Libtorrent {
  const driver = spawn(python, [new URL('./libtorrent-driver.py', import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: driver.stdout })[Symbol.asyncIterator]()
  let turn: Promise<unknown> = Promise.resolve()
  const ask = <Answer>(request: object): Promise<Answer> => {
    const answer = turn.then(async () => {
      driver.stdin.write(`${JSON.stringify(request)}\n`)
      const line = await lines.next()
      if (line.done) throw new Error('libtorrent died over a request')
      return JSON.parse(line.value) as Answer
    })
    turn = answer.catch(() => {})
    return answer
  }
  return {
    parse: (file) => ask({ do: 'parse', file }),
    create: (request) => ask({ do: 'create', ...request }),
    hash: (request) => ask({ do: 'hash', ...request }),
    async [Symbol.asyncDispose]() {
      if (driver.exitCode !== null) return
      driver.stdin.end()
      await once(driver, 'exit')
    },
  }
}
