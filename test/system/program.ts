import { type ChildProcess, spawn } from 'node:child_process'
import { waitFor } from '../network/wait-for.ts'

export interface Program extends AsyncDisposable {
  readonly process: ChildProcess
  /** Everything it has printed so far, on both streams. */
  output(): string
  /** Sends a signal and waits for the exit; resolves to the exit code, or null after a signal. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts one of our programs in a process of its own, as systemd would. */
export function startProgram(
  entry: string,
  options: { args?: readonly string[]; env: Readonly<Record<string, string>> },
): Program {
  const child = spawn(process.execPath, [entry, ...(options.args ?? [])], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    return ended
  }
  return {
    process: child,
    output: () => output,
    stop,
    async [Symbol.asyncDispose]() {
      await stop('SIGKILL')
    },
  }
}

/** Resolves when the program answers `GET url` with 2xx; if the program exits first, it rejects with what that printed. */
export async function answering(program: Program, url: string): Promise<void> {
  const ended = () => program.process.exitCode !== null
  const answered = waitFor(async () => ended() || (await fetch(url)).ok, {
    what: `${url} to answer`,
    timeoutMs: 60_000,
  })
  await answered.catch((cause) => {
    throw new Error(`${(cause as Error).message}\n${program.output()}`, { cause })
  })
  if (ended()) throw new Error(`it ended with ${program.process.exitCode}\n${program.output()}`)
}
