import { expect, onTestFinished, test, vi } from 'vitest'
import { runCommand } from './command-line.ts'

/** Runs a command in this process, and returns what it wrote to standard error. */
async function run(...args: string[]): Promise<{ code: number; stderr: string }> {
  let stderr = ''
  const written = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += text
    return true
  })
  onTestFinished(() => written.mockRestore())
  const code = await runCommand(args, {})
  return { code, stderr }
}

test.each([
  [['rebild'], "unknown command 'rebild'", 'Did you mean rebuild?'],
  [['nonsense'], "unknown command 'nonsense'", '--help'],
  [['admin', 'alow', 'did:plc:x'], "unknown command 'alow'", 'Did you mean allow?'],
  [['rebuild', '--nope'], "unknown option '--nope'", '--help'],
  [['rebuild', '--at-least', 'most'], "'most' is invalid", 'a percentage from 0 to 100'],
  [['rebuild', '--from-dids', 'a', '--from-hosts', 'b'], '--from-dids', 'cannot be used with'],
  [['rebuild', '--from-archive', 'a', '--from-dids', 'b'], '--from-archive', 'cannot be used with'],
])('%j is wrong usage, with advice', async (args, fault, advice) => {
  const { code, stderr } = await run(...args)
  expect(stderr).toContain(fault)
  expect(stderr).toContain(advice)
  expect(code).toBe(2)
})

test('the version that was asked for is no error', async () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  onTestFinished(() => written.mockRestore())
  expect((await run('--version')).code).toBe(0)
})
