import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { methods } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { freePort } from '../network/free-port.ts'
import { waitFor } from '../network/wait-for.ts'
import { answering, startProgram } from '../system/program.ts'
import { needs, oldNode } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const entry = path('appview/bin/holdfast-appview.mjs')
const trackerEntry = path('tracker/bin/holdfast-tracker.mjs')
const cliEntry = path('cli/bin/holdfast.mjs')

/** The environment of an AppView whose source does not exist. */
const environment = async (directory: string) => ({
  HOLDFAST_SOURCES: 'ws://127.0.0.1:9',
  HOLDFAST_PLC_URL: 'http://127.0.0.1:9',
  HOLDFAST_DATA_DIR: directory,
  HOLDFAST_PORT: String(await freePort()),
  HOLDFAST_ALLOW_PRIVATE_HOSTS: 'on',
  HOLDFAST_TRACKERS: 'udp://127.0.0.1:9/announce',
})

test('answers the first query within three seconds of a cold start', async () => {
  await using directory = await scratchDirectory()
  const env = await environment(directory.path)
  const query = `http://127.0.0.1:${env.HOLDFAST_PORT}/xrpc/${methods.searchDatasets}?q=ice`
  {
    await using first = startProgram(entry, { env })
    await answering(first, query)
    expect(await first.stop('SIGTERM'), first.output()).toBe(0)
  }
  const startedAt = performance.now()
  await using again = startProgram(entry, { args: ['serve'], env })
  await answering(again, query)
  const tookMs = Math.round(performance.now() - startedAt)
  const isBusy = loadavg()[0]! > availableParallelism()
  process.stderr.write(
    `first query answered ${tookMs} ms after a cold start${isBusy ? ', on a busy machine' : ''}\n`,
  )
  if (!isBusy) expect(tookMs).toBeLessThan(3_000)
  // The source is tried again, and each attempt is logged.
  await waitFor(() => again.output().includes('127.0.0.1:9'), { what: 'a word about the source' })
  const health = await fetch(`http://127.0.0.1:${env.HOLDFAST_PORT}/health`)
  expect(await health.json()).toMatchObject({ ok: true, ingest: [{ host: '127.0.0.1:9', connected: false }] })
  const metrics = await (await fetch(`http://127.0.0.1:${env.HOLDFAST_PORT}/metrics`)).text()
  expect(metrics).toContain(`holdfast_http_requests_total{route="${methods.searchDatasets}",status="2xx"}`)

  const second = await endsWith(entry, { ...env, HOLDFAST_PORT: '0' })
  expect(second.code).toBe(1)
  expect(second.output).toMatch(/data directory .* is in use by another process.*HOLDFAST_DATA_DIR/)
  expect(await again.stop('SIGTERM'), again.output()).toBe(0)
})

/** Makes a program end its own threads when it receives SIGUSR2. */
const endThreads = `data:text/javascript,process.on('worker',(w)=>process.on('SIGUSR2',()=>w.terminate()))`

test('ends when the embedded database breaks, to be started again', async () => {
  await using directory = await scratchDirectory()
  const env = await environment(directory.path)
  const health = `http://127.0.0.1:${env.HOLDFAST_PORT}/health`
  {
    await using breaking = startProgram(entry, { env: { ...env, NODE_OPTIONS: `--import=${endThreads}` } })
    await answering(breaking, health)
    breaking.process.kill('SIGUSR2')
    await waitFor(() => breaking.process.exitCode !== null, { what: 'the program to end' })
    expect(breaking.process.exitCode, breaking.output()).toBe(1)
    expect(breaking.output().match(/the embedded database stopped working/g)).toHaveLength(1)
  }
  await using again = startProgram(entry, { env })
  await answering(again, health)
})

test('says why it does not start and what to change', async () => {
  await using directory = await scratchDirectory()
  const env = await environment(directory.path)
  await using taken = await occupiedPort()
  const cases: [Record<string, string>, RegExp][] = [
    [
      { HOLDFAST_PORT: String(taken.port) },
      /^Port \d+ is in use by another program\. Stop it, or set HOLDFAST_PORT/m,
    ],
    [
      { HOLDFAST_DATABASE_URL: 'postgres://user:secret@127.0.0.1:9/x' },
      /^Cannot open the database at postgres:\/\/user:\*\*\*@127\.0\.0\.1:9\/x: .*Check HOLDFAST_DATABASE_URL\.$/m,
    ],
    [
      { HOLDFAST_DATABASE_URL: 'mysql://x', HOLDFAST_PORT: 'x' },
      /The configuration has 2 problems:\n {2}HOLDFAST_DATABASE_URL=.hidden..*postgres.*\n {2}HOLDFAST_PORT=x/,
    ],
  ]
  for (const [changes, message] of cases) {
    const { code, output } = await endsWith(entry, { ...env, ...changes })
    expect(output).toMatch(message)
    expect(output).not.toContain('    at ')
    expect(output).not.toContain('secret')
    expect(code).toBe(1)
  }
})

test('runs AppView and tracker in one process until both end', async () => {
  await using directory = await scratchDirectory()
  const trackerPort = String(await freePort())
  const { HOLDFAST_TRACKERS: _, ...env } = {
    ...(await environment(directory.path)),
    HOLDFAST_TRACKER_PORT: trackerPort,
    HOLDFAST_TRACKER_UDP_PORT: trackerPort,
  }
  await using both = startProgram(path('start.mjs'), { env })
  await answering(both, `http://127.0.0.1:${trackerPort}/health`)
  const described = await fetch(`http://127.0.0.1:${env.HOLDFAST_PORT}/xrpc/${methods.describeServer}`)
  expect(await described.json()).toMatchObject({
    trackers: [
      { url: `http://127.0.0.1:${trackerPort}/announce` },
      { url: `udp://127.0.0.1:${trackerPort}/announce` },
      { url: `ws://127.0.0.1:${trackerPort}` },
    ],
  })
  expect(await both.stop('SIGTERM'), both.output()).toBe(0)
})

const hasOldNode = needs('entry points under an old Node', 'an old Node')

test.skipIf(!hasOldNode)('under an old Node, every program says so in one line', () => {
  for (const program of [entry, trackerEntry, cliEntry, path('start.mjs')]) {
    const { status, stderr } = runSync(oldNode()!, program)
    expect(stderr.trim().split('\n'), program).toHaveLength(1)
    expect(stderr).toMatch(/needs Node 24/)
    expect(status).toBe(1)
  }
})

async function endsWith(
  program: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; output: string }> {
  await using running = startProgram(program, { env })
  await waitFor(() => running.process.exitCode !== null, { what: 'the program to end', timeoutMs: 60_000 })
  return { code: running.process.exitCode, output: running.output() }
}

async function occupiedPort(): Promise<AsyncDisposable & { port: number }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function runSync(node: string, program: string): { status: number; stderr: string } {
  try {
    execFileSync(node, [program], { encoding: 'utf8', stdio: 'pipe' })
    return { status: 0, stderr: '' }
  } catch (error) {
    return error as { status: number; stderr: string }
  }
}
