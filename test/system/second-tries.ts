import type { Reporter, TestCase } from 'vitest/node'

/** More tests than this that fail at first, in one run, are taken for a fault of the code and not of the moment. */
export const mostSecondTries = 3

/**
 * Names every test that passed only at its second try, with what it said at the first. Each is a fault, of the test or of
 * what it tests, but one that shows by chance should not keep a change from landing that has nothing to do with it.
 */
export class SecondTries implements Reporter {
  readonly #passedLater: TestCase[] = []

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky) this.#passedLater.push(test)
  }

  onTestRunEnd(): void {
    if (this.#passedLater.length === 0) return
    const lines = this.#passedLater.map((test) => {
      const { errors = [] } = test.result()
      return `  ${test.module.relativeModuleId} > ${test.fullName}\n    ${errors.map((error) => error.message).join('\n    ')}`
    })
    process.stderr.write(
      `\nPassed only at the second try, which is a fault to be mended:\n${lines.join('\n')}\n`,
    )
    if (this.#passedLater.length <= mostSecondTries) return
    process.stderr.write(`These are more than ${mostSecondTries} tests, so the run has failed.\n`)
    process.exitCode = 1
  }
}
