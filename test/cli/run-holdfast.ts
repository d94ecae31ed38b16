import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestAccount } from '../network/accounts.ts'
import type { Network } from '../network/network.ts'

/** The command, as npm links it. */
export const bin = fileURLToPath(new URL('../../cli/bin/holdfast.mjs', import.meta.url))

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** The answer of a command or a PDS; tests state their expectations, so it has no type of its own. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
export type Json = any

/** A person with a computer of their own: a home directory in which `holdfast` runs as a process. */
export type Person = AsyncDisposable & {
  readonly home: string
  /** Runs to the end and returns the output, whatever the exit code. */
  run(...args: string[]): Promise<Ran>
  /** Runs to the end and returns its JSON; throws an Error with its standard error unless it exits with 0. */
  json(...args: string[]): Promise<Json>
  /** Starts the command and leaves it running. */
  start(...args: string[]): { child: ChildProcess; ended: Promise<Ran> }
}

export interface PersonOptions {
  /** Whether the person is signed in by environment variables, like a script. */
  account?: TestAccount
  env?: Record<string, string>
}

/** Makes a person on a network, whose environment contains only what is given. */
export async function startPerson(
  network: Pick<Network, 'plcUrl'>,
  { account, env }: PersonOptions = {},
): Promise<Person> {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-person-'))
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    NODE_COMPILE_CACHE: join(tmpdir(), 'holdfast-test-code'),
    XDG_CONFIG_HOME: join(home, 'config'),
    HOLDFAST_PLC_URL: network.plcUrl,
    HOLDFAST_APPVIEW_URL: 'http://127.0.0.1:1',
    ...(account && {
      HOLDFAST_PDS: account.pdsUrl,
      HOLDFAST_IDENTIFIER: account.handle,
      HOLDFAST_APP_PASSWORD: account.password,
    }),
    ...env,
  }
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: home,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return { child, ended: collect(child) }
  }
  const run = (...args: string[]) => start(...args).ended
  return {
    home,
    start,
    run,
    async json(...args) {
      const { code, stdout, stderr } = await run(...args, '--json')
      if (code !== 0) throw new Error(`holdfast ${args.join(' ')} exited ${code}: ${stderr}`)
      return JSON.parse(stdout)
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}

async function collect(child: ChildProcess): Promise<Ran> {
  const output = { stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr!.setEncoding('utf8').on('data', (chunk) => {
    output.stderr += chunk
  })
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject)
  child.once('close', resolve)
  return { code: await promise, ...output }
}
