export interface Step {
  readonly name: string
  readonly ms: number
}

export interface StepRunner {
  readonly steps: Step[]
  /** Runs one step and times it; an error gets the step's name. */
  step<T>(name: string, work: () => Promise<T>, tell?: (result: T) => string): Promise<T>
}

/** A step failed; it says which one, and why. */
export class StepError extends Error {
  readonly step: string
  constructor(step: string, cause: unknown) {
    super(`${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.step = step
  }
}

/** Runs steps one after the other, printing each with its time in seconds. */
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
        print(`${(ms / 1000).toFixed(1).padStart(5)} s  ${name}${tell ? `\n         ${tell(result)}` : ''}`)
        return result
      } catch (cause) {
        throw new StepError(name, cause)
      }
    },
  }
}
