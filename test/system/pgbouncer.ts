import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { freePort } from '../network/free-port.ts'
import { waitFor } from '../network/wait-for.ts'

/** Starts PgBouncer in transaction mode in front of the server of a database that needs no password. */
export async function startPgBouncer(
  databaseUrl: string,
  options: { poolSize: number },
): Promise<AsyncDisposable & { url: string }> {
  const target = new URL(databaseUrl)
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-pgbouncer-'))
  const port = await freePort()
  const settings = join(directory, 'pgbouncer.ini')
  await writeFile(
    settings,
    `[databases]
* = host=${target.hostname} port=${target.port || 5432} user=${target.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${options.poolSize}
ignore_startup_parameters = extra_float_digits
`,
  )
  await chmod(directory, 0o755)
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? ['--user', 'nobody'] : []
  const server = spawn('pgbouncer', ['--quiet', ...user, settings], { stdio: 'ignore' })
  const ended = new Promise((resolve) => server.once('close', resolve))
  await using starting = new AsyncDisposableStack()
  starting.defer(async () => {
    server.kill('SIGKILL')
    await ended
    await rm(directory, { recursive: true, force: true })
  })
  const url = Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href
  await waitFor(() => answers(url), { what: 'PgBouncer to answer' })
  const started = starting.move()
  return { url, [Symbol.asyncDispose]: () => started.disposeAsync() }
}

async function answers(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2 })
  try {
    await sql.unsafe('SELECT 1')
    return true
  } finally {
    await sql.end({ timeout: 1 })
  }
}
