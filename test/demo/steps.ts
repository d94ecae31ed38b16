export interface Step {
  readonly name: string
  readonly ms: number
}

export interface StepRunner {
  readonly steps: Step[]
  /** Runs one step and times it; an error gets the step's name. */
  step<T>(name: string, work: () => Promise<T>, tell?: (result: T) => string): Promise<T>
}

/** A step went wrong: which, and why. */
export class StepError extends Error {
  readonly step: string
  constructor(step: string, cause: unknown) {
    super(`${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.step = step
  }
}

/** Runs steps one after the other, printing each with its time. */
export function createStepRunner(print: (line: string) => void): StepRunner {
  const steps: Step[] = []
  return {
    steps,
    async step(name, work, tell) {
      const start = performance.now()
      try {
        const result = await work()
        const ms = Math.round(performance.now() - start)
        steps.push({ name, ms })
        print(`${String(ms).padStart(6)} ms  ${name}${tell ? `: ${tell(result)}` : ''}`)
        return result
      } catch (cause) {
        throw new StepError(name, cause)
      }
    },
  }
}
