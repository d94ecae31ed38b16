import { CommanderError } from 'commander'
import { loadConfig } from './config.ts'
import { connect } from './connections.ts'
import { exitCodes, Failure } from './failure.ts'
import { paintError } from './output/terminal.ts'
import { program } from './program.ts'

/** Runs `holdfast` with the words after its name; resolves to the exit code. */
export async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  // A reader that has seen enough (`holdfast search | head`) is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  try {
    const holdfast = await program(connect(loadConfig(env)), args[0])
    await holdfast.parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? exitCodes.ok)
  } catch (error) {
    return report(error)
  }
}

function report(error: unknown): number {
  // Commander has printed its own message, and the help it was asked for is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  const label = paintError('red', 'error:')
  if (error instanceof Failure) {
    process.stderr.write(`${label} ${error.message}\n`)
    return exitCodes[error.kind]
  }
  const unexpected = error as Error
  const details = process.env.HOLDFAST_LOG_LEVEL === 'debug' ? `\n${unexpected.stack}` : ''
  process.stderr.write(`${label} ${unexpected.message}${details}\n`)
  return exitCodes.failure
}
