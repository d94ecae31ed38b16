import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { freePort } from '../network/free-port.ts'
import { waitFor } from '../network/wait-for.ts'

/** A PostgreSQL server of its own, in a directory that is deleted when it is disposed of. */
export interface Cluster extends AsyncDisposable {
  /** Of the database `postgres`, whose superuser is `postgres`. */
  readonly url: string
  readonly pid: number
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A primary and a streaming replica of it. */
export interface ReplicatedCluster extends AsyncDisposable {
  readonly primary: Cluster
  readonly replica: Cluster
  /** Stops and continues replaying what the primary wrote. */
  pause(): Promise<void>
  resume(): Promise<void>
}

export async function startReplicatedCluster(): Promise<ReplicatedCluster> {
  await using stack = new AsyncDisposableStack()
  const primary = stack.use(
    await startCluster((directory) => {
      run(
        'initdb',
        '--pgdata',
        directory,
        '--username=postgres',
        '--auth=trust',
        '--no-sync',
        '--no-instructions',
      )
    }),
  )
  const { port } = new URL(primary.url)
  const replica = stack.use(
    await startCluster((directory) => {
      const from = ['--host=127.0.0.1', `--port=${port}`, '--username=postgres']
      run(
        'pg_basebackup',
        ...from,
        '--pgdata',
        directory,
        '--write-recovery-conf',
        '--checkpoint=fast',
        '--no-sync',
      )
    }),
  )
  const onReplica = async (statement: string) => {
    const sql = postgres(replica.url, { max: 1 })
    await sql.unsafe(statement)
    await sql.end()
  }
  const moved = stack.move()
  return {
    primary,
    replica,
    pause: () => onReplica('SELECT pg_wal_replay_pause()'),
    resume: () => onReplica('SELECT pg_wal_replay_resume()'),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  }
}

async function startCluster(make: (directory: string) => void): Promise<Cluster> {
  const parent = await mkdtemp(join(tmpdir(), 'holdfast-cluster-'))
  if (owner) chownSync(parent, owner.uid, owner.gid)
  const directory = join(parent, 'data')
  make(directory)
  const port = await freePort()
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${parent}`,
    'fsync=off',
  ]
  const server = spawn(
    binary('postgres'),
    ['-D', directory, ...settings.flatMap((setting) => ['-c', setting])],
    {
      ...owner,
      stdio: 'ignore',
    },
  )
  const ended = new Promise((resolve) => server.once('close', resolve))
  const stop = async (signal: NodeJS.Signals = 'SIGINT') => {
    server.kill(signal)
    await ended
  }
  await using starting = new AsyncDisposableStack()
  starting.defer(async () => {
    await stop('SIGQUIT')
    await rm(parent, { recursive: true, force: true })
  })
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  await waitFor(() => isAnswering(url), { what: 'PostgreSQL to start' })
  const started = starting.move()
  return { url, pid: server.pid!, stop, [Symbol.asyncDispose]: () => started.disposeAsync() }
}

async function isAnswering(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2 })
  try {
    await sql`SELECT 1`
    return true
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** PostgreSQL refuses to run as root, so it runs as its own user there. */
const owner = process.getuid?.() === 0 ? idsOf('postgres') : undefined

function idsOf(user: string): { uid: number; gid: number } | undefined {
  const id = (option: string) => Number(spawnSync('id', [option, user], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

function run(name: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(binary(name), args, { ...owner, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`)
}

/** The path of a program of PostgreSQL, which Debian has outside the PATH; undefined when it is not installed. */
export function findBinary(name: string): string | undefined {
  const versions = '/usr/lib/postgresql'
  const folders = existsSync(versions)
    ? readdirSync(versions).map((version) => join(versions, version, 'bin'))
    : []
  const found = [...folders, ...(process.env.PATH ?? '').split(':')].map((folder) => join(folder, name))
  return found.find((path) => existsSync(path))
}

function binary(name: string): string {
  const found = findBinary(name)
  if (found === undefined) throw new Error(`${name} is not installed`)
  return found
}
