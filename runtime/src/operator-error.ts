import { inspect } from 'node:util'

/** An error that the operator of the program can correct; its message says what is wrong and what to do about it. */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError'
}

/** All problems of a configuration in one error; each says what to change. */
export class ConfigError extends OperatorError {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    super(`The configuration has ${count}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/**
 * The text to print for an error that ends a program: the message of an OperatorError, or the stack and causes of any
 * other error.
 */
export function messageOf(error: unknown): string {
  return error instanceof OperatorError ? error.message : inspect(error)
}
