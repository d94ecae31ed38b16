import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../network/free-port.ts'
import type { Network } from '../../network/network.ts'
import { waitFor } from '../../network/wait-for.ts'
import { environmentFor } from '../../system/environment.ts'
import { answering, type Program, startProgram } from '../../system/program.ts'
import { scratchDirectory } from '../../system/scratch.ts'

const entry = fileURLToPath(new URL('../../../appview/bin/holdfast-appview.mjs', import.meta.url))
const example = new URL('../../../deploy/proxies/haproxy.cfg', import.meta.url)

export interface Process extends AsyncDisposable {
  readonly program: Program
  readonly url: string
}

/** Starts an AppView with some of the roles, in a process of its own. */
export async function startProcess(
  roles: string,
  parts: { network: Network; databaseUrl: string },
): Promise<Process> {
  const { network, databaseUrl } = parts
  const env = await environmentFor(network, {
    sources: [network.relayUrl],
    directory: '/nonexistent',
    databaseUrl,
  })
  const program = startProgram(entry, {
    args: ['serve'],
    env: { ...env, HOLDFAST_ROLES: roles, HOLDFAST_LOG_LEVEL: 'info' },
  })
  await answering(program, `${env.HOLDFAST_APPVIEW_URL}/health/ready`)
  return {
    program,
    url: env.HOLDFAST_APPVIEW_URL,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

/** Starts HAProxy, configured as in `deploy/proxies/`, in front of two processes; resolves with its URL. */
export async function startHaproxy(
  urls: readonly [string, string],
): Promise<AsyncDisposable & { url: string }> {
  await using stack = new AsyncDisposableStack()
  const { path: folder } = stack.use(await scratchDirectory())
  const port = await freePort()
  const [local, other] = urls.map((url) => new URL(url).host) as [string, string]
  const config = (await readFile(example, 'utf8'))
    .replace(/bind :443.*/, `bind 127.0.0.1:${port}`)
    .replace('server local 127.0.0.1:3000', `server local ${local}`)
    .replace('# server other 127.0.0.1:3001', `server other ${other}`)
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, config)
  const haproxy = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
  const ended = new Promise((resolve) => haproxy.once('close', resolve))
  stack.defer(async () => {
    haproxy.kill('SIGKILL')
    await ended
  })
  const url = `http://127.0.0.1:${port}`
  await waitFor(async () => (await fetch(`${url}/health`)).ok, { what: 'HAProxy to answer' })
  const moved = stack.move()
  return { url, [Symbol.asyncDispose]: () => moved.disposeAsync() }
}
