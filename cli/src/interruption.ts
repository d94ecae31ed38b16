import { CommandError } from './command-error.ts'

export interface Interruption extends Disposable {
  /** Aborted with an `interrupted` error. */
  readonly signal: AbortSignal
}

/** Until it is disposed of, Ctrl-C and the other signals do not end the program at once, but abort what it is doing. */
export function onInterruption(
  message: string,
  signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'],
): Interruption {
  const stop = new AbortController()
  const interrupt = () => stop.abort(new CommandError('interrupted', message))
  for (const name of signals) process.once(name, interrupt)
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, interrupt)
    },
  }
}
