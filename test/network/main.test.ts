import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { AtpAgent } from '@atproto/api'
import { expect, test } from 'vitest'
import { waitFor } from './wait-for.ts'

test.each(['SIGINT', 'SIGTERM'] as const)(
  'prints one JSON line, keeps running, and on %s leaves nothing behind',
  async (signal) => {
    await using temporary = await temporaryDirectory()
    const command = run(['--json', '--pds', '1', '--accounts', '3'], temporary.path)
    const [line] = await waitFor(() => command.lines(), { what: 'the JSON line', timeoutMs: 30_000 })
    const summary = JSON.parse(line!)
    expect(Object.keys(summary)).toEqual(['plcUrl', 'relayUrl', 'pdsUrls', 'accounts'])
    expect(summary.accounts).toHaveLength(3)
    for (const { did, handle, password, pdsUrl } of summary.accounts) {
      const agent = new AtpAgent({ service: pdsUrl })
      const { data } = await agent.login({ identifier: handle, password })
      expect(data.did).toBe(did)
    }
    command.child.kill(signal)
    expect(await command.exitCode).toBe(0)
    expect(command.lines()).toHaveLength(1)
    expect(await readdir(temporary.path)).toEqual([])
  },
)

test('reports an invalid option', async () => {
  const command = run(['--pds', 'many'], tmpdir())
  expect(await command.exitCode).toBe(1)
  expect(await command.errors).toContain('--pds takes a whole number from 1 to 100, not "many"')
})

function run(args: string[], temporaryPath: string) {
  const main = new URL('./main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, TMPDIR: temporaryPath } })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const lines = () => (output.includes('\n') ? output.trimEnd().split('\n') : undefined)
  const exitCode = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { child, lines, exitCode, errors: text(child.stderr) }
}

async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
