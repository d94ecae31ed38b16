import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { BenchOptions, BenchResult } from './main.ts'
import { askPages } from './pages/clients.ts'
import { datasetOf, preparePages } from './pages/scratch-database.ts'
import { measureScripts } from './pages/script-time.ts'

const clients = 64
/** The pause is much shorter than anybody's reading time: together, the clients request about a thousand pages per second. */
const pauseMs = 50

/**
 * The dataset page at a million datasets in PostgreSQL (HOLDFAST_TEST_DATABASE_URL): 64 clients on connections that are
 * kept ask for pages picked at random, each again 50 ms after its answer; the `busy` figures are the same without that
 * pause, when the machine is the limit. The server is a process of its own, and the times are the clients', so they hold
 * all that the server, the database and the clients themselves take on one machine.
 */
export async function run({ quick, datasets: given, log }: BenchOptions): Promise<BenchResult> {
  const server = process.env.HOLDFAST_TEST_DATABASE_URL
  if (!server)
    throw new Error(
      'Set HOLDFAST_TEST_DATABASE_URL to a PostgreSQL server that may hold the scratch database.',
    )
  const datasets = given ?? (quick ? 10_000 : 1_000_000)
  const url = await preparePages(server, datasets, log)
  await using site = await startServer(url)
  const path = () => {
    const { did, rkey } = datasetOf(1 + Math.floor(Math.random() * datasets))
    return `/dataset/${did}/${rkey}`
  }
  const measure = async (seconds: number, pauseMs: number) => {
    const until = performance.now() + seconds * 1_000
    const times = await askPages(site.port, { clients, path, until, pauseMs })
    times.sort((a, b) => a - b)
    const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
    return { p50: at(0.5), p95: at(0.95), perSecond: times.length / seconds }
  }
  await measure(quick ? 1 : 10, 0)
  log('warm')
  const paced = await measure(quick ? 2 : 20, pauseMs)
  const busy = await measure(quick ? 2 : 20, 0)
  log('scripts')
  const datasetScriptMs = await measureScripts(`http://127.0.0.1:${site.port}${path()}`)
  const publishScriptMs = await measureScripts(`http://127.0.0.1:${site.port}/publish`)
  return {
    figures: {
      datasetP50Ms: paced.p50,
      datasetP95Ms: paced.p95,
      pagesPerSecond: paced.perSecond,
      busyP50Ms: busy.p50,
      busyP95Ms: busy.p95,
      busyPagesPerSecond: busy.perSecond,
      ...(datasetScriptMs !== undefined && { datasetScriptMs }),
      ...(publishScriptMs !== undefined && { publishScriptMs }),
    },
    ratios: {},
  }
}

async function startServer(databaseUrl: string): Promise<AsyncDisposable & { port: number }> {
  const child = fork(fileURLToPath(new URL('pages/server.ts', import.meta.url)), [databaseUrl])
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port))
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
  })
  return {
    port,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await ended
    },
  }
}
