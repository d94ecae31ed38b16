import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const entry = fileURLToPath(new URL('../bin/holdfast-appview.mjs', import.meta.url))

function run(...args: string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [entry, ...args], { encoding: 'utf8', env: {} })
}

test.each([
  [['rebild'], "unknown command 'rebild'", 'Did you mean rebuild?'],
  [['nonsense'], "unknown command 'nonsense'", '--help'],
  [['admin', 'alow', 'did:plc:x'], "unknown command 'alow'", 'Did you mean allow?'],
  [['rebuild', '--nope'], "unknown option '--nope'", '--help'],
  [['rebuild', '--at-least', 'most'], "'most' is invalid", 'a percentage from 0 to 100'],
  [['rebuild', '--from-dids', 'a', '--from-hosts', 'b'], '--from-dids', 'cannot be used with'],
  [['rebuild', '--from-archive', 'a', '--from-dids', 'b'], '--from-archive', 'cannot be used with'],
])('%j is wrong usage, with advice', (args, fault, advice) => {
  const { status, stderr } = run(...args)
  expect(stderr).toContain(fault)
  expect(stderr).toContain(advice)
  expect(status).toBe(2)
})

test('help that was asked for is no error', () => {
  expect(run('admin', 'allow', '--help').status).toBe(0)
})
