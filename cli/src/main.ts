import { CommanderError } from 'commander'
import { CommandError, exitCodes, type FailureKind } from './command-error.ts'
import type { Connections } from './connections.ts'
import { complain, printJson, setVerbosity } from './output/terminal.ts'
import { assertCommand, program } from './program.ts'

/** Runs `holdfast` with the words after its name as `args`; resolves to the exit code. */
export async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  // It is not an error if the reader of standard output stops early (`holdfast search | head`).
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const flags = flagsOf(args)
  setVerbosity(flags.quiet ? 'quiet' : flags.verbose ? 'verbose' : 'normal')
  try {
    const words = commandFirst(args)
    const holdfast = await program(() => openConnections(env), words)
    // `help torrent create` means `torrent create --help`.
    const topic = words[0] === 'help' ? words.slice(1).filter((word) => !word.startsWith('-')) : undefined
    if (topic) assertCommand(holdfast, topic)
    await holdfast.parseAsync(topic ? [...topic, '--help'] : words, { from: 'user' })
    return Number(process.exitCode ?? exitCodes.ok)
  } catch (error) {
    return report(error, { ...flags, verbose: flags.verbose || env.HOLDFAST_LOG_LEVEL === 'debug' })
  }
}

/** Loaded only when a command needs it: help takes a third of the time without. */
async function openConnections(env: NodeJS.ProcessEnv): Promise<Connections> {
  const [{ connect }, { loadConfig }] = await Promise.all([import('./connections.ts'), import('./config.ts')])
  return connect(loadConfig(env))
}

interface Flags {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
}

/**
 * Finds `--json` and the verbosity before anything is parsed, because an error in the command line must be reported in
 * the right form, too.
 */
function flagsOf(args: readonly string[]): Flags {
  const end = args.indexOf('--')
  const options = end < 0 ? args : args.slice(0, end)
  return {
    json: options.includes('--json'),
    quiet: options.includes('--quiet') || options.includes('-q'),
    verbose: options.includes('--verbose'),
  }
}

/** Moves flags that every command accepts from before the command to after it. */
function commandFirst(args: readonly string[]): readonly string[] {
  const at = args.findIndex((word) => !['--json', '--quiet', '-q', '--verbose'].includes(word))
  if (at <= 0) return args
  const end = args.indexOf('--')
  return [
    ...args.slice(at, end < 0 ? undefined : end),
    ...args.slice(0, at),
    ...(end < 0 ? [] : args.slice(end)),
  ]
}

function report(error: unknown, { json, verbose }: Flags): number {
  if (error instanceof CommanderError) {
    // Help that was asked for is not an error; for an error, commander has already written to standard error.
    if (error.exitCode === 0) return exitCodes.ok
    const isBare = error.code === 'commander.help'
    return end('usage', isBare ? 'Name a command.' : error.message.replace(/^error: /, ''), json)
  }
  const kind = error instanceof CommandError ? error.kind : 'failure'
  const { message, stack, cause } = error as Error
  complain(message)
  if (verbose) for (const line of traceOf(stack, cause)) complain(line)
  return end(kind, message, json, error instanceof CommandError ? error.details : {})
}

/** Reports a failure; with `--json`, standard output gets it in the form of an XRPC error. */
function end(kind: FailureKind, message: string, json: boolean, details: object = {}): number {
  if (json) printJson({ error: kind, exitCode: exitCodes[kind], message, ...details })
  return exitCodes[kind]
}

function* traceOf(stack: string | undefined, cause: unknown): Generator<string> {
  if (stack) yield stack
  for (let found = cause; found instanceof Error; found = found.cause)
    yield `caused by ${found.stack ?? found.message}`
}
