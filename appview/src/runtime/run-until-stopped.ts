import { messageOf } from '@holdfast/runtime/operator-error'

/** How long a program that reported a fault may take to end: the fault may also keep other parts from ending. */
const mostDrainingMs = 5_000

/**
 * Runs a program until SIGTERM or SIGINT, then lets it finish what it has begun. Resolves with the exit code: 0 after a
 * clean end; 1 when it cannot start (the reason is written to stderr), or when it calls `onBroken` to say that it cannot
 * continue (it has logged why). A second signal ends it at once.
 */
export async function runUntilStopped(
  start: (running: AsyncDisposableStack, onBroken: () => void) => Promise<void>,
): Promise<number> {
  const stopped = nextSignal()
  const broken = Promise.withResolvers<'broken'>()
  const onBroken = () => {
    process.exitCode = 1
    setTimeout(() => process.exit(1), mostDrainingMs).unref()
    broken.resolve('broken')
  }
  try {
    await using running = new AsyncDisposableStack()
    await Promise.race([start(running, onBroken), broken.promise])
    if ((await Promise.race([stopped, broken.promise])) === 'broken') return 1
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
