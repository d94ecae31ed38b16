import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const main = new URL('./main.ts', import.meta.url).pathname
const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, [main, ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )

test('--help lists the benches and exits with 0', async () => {
  const { code, stdout } = await bench('--help')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Benches: .+ \(what each measures/m)
})

test.each([
  [['no-such-bench'], 'no bench is called "no-such-bench"'],
  [['main'], 'no bench is called "main"'],
  [[], 'npm run bench -- NAME'],
  [['one', 'two'], 'one bench at a time'],
  [['crowd', '--datasets', 'many'], '--datasets takes a number'],
  [['--loud'], "Unknown option '--loud'"],
])('%j exits with 1 and says what to do', async (args, message) => {
  const { code, stdout, stderr } = await bench(...args)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(message)
})
