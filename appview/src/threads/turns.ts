import { setImmediate as nextTurn } from 'node:timers/promises'

const usualSliceMs = 10

/** Makes `pass()`, to be called between two steps: once a slice of time is used up, it waits one turn of the event loop. */
export function createTurns(sliceMs = usualSliceMs): { pass(): Promise<void> | undefined } {
  let startedMs = performance.now()
  return {
    pass() {
      if (performance.now() - startedMs < sliceMs) return undefined
      return nextTurn().then(() => {
        startedMs = performance.now()
      })
    },
  }
}

/** Like `values.map(work)`, but gives way to the event loop in between. */
export async function mapInTurns<Value, Made>(
  values: readonly Value[],
  work: (value: Value) => Made | Promise<Made>,
  turns = createTurns(),
): Promise<Made[]> {
  const made: Made[] = []
  for (const value of values) {
    const one = work(value)
    made.push(one instanceof Promise ? await one : one)
    const others = turns.pass()
    if (others) await others
  }
  return made
}
