import { inspect } from 'node:util'

/**
 * Runs a program until SIGTERM or SIGINT, then lets it drain. Resolves with the exit code: 0 after a clean end, 1
 * when it cannot start, with the reason on stderr in words. A second signal ends it at once.
 */
export async function runUntilStopped(
  start: (running: AsyncDisposableStack) => Promise<void>,
): Promise<number> {
  const stopped = nextSignal()
  try {
    await using running = new AsyncDisposableStack()
    await start(running)
    await stopped
    process.once('SIGINT', () => process.exit(130))
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`)
    return 1
  }
  return 0
}

function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}

/** What an operator can act on says so in words; anything else shows its stack and what caused it. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isExplained =
    /^(?:Config|DataDirInUse)Error$/.test(error.name) ||
    /\b(?:set|stop|check|start|write) /i.test(error.message)
  return isExplained ? error.message : inspect(error)
}
