import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { BenchOptions, BenchResult } from './main.ts'
import { askPages } from './pages/clients.ts'
import { datasetOf, preparePages } from './pages/scratch-database.ts'

const clients = 64

/**
 * The dataset page at a million datasets in PostgreSQL (HOLDFAST_TEST_DATABASE_URL): 64 clients on connections that are
 * kept ask for pages picked at random, each without a pause. The server is a process of its own, and the times are the
 * clients', so they hold all that the server, the database and the clients themselves take on one machine.
 */
export async function run({ quick, log }: BenchOptions): Promise<BenchResult> {
  const server = process.env.HOLDFAST_TEST_DATABASE_URL
  if (!server)
    throw new Error(
      'Set HOLDFAST_TEST_DATABASE_URL to a PostgreSQL server that may hold the scratch database.',
    )
  const datasets = Number(process.env.HOLDFAST_BENCH_ROWS ?? (quick ? 10_000 : 1_000_000))
  const url = await preparePages(server, datasets, log)
  await using site = await startServer(url)
  const path = () => {
    const { did, rkey } = datasetOf(1 + Math.floor(Math.random() * datasets))
    return `/dataset/${did}/${rkey}`
  }
  await askPages(site.port, { clients, path, until: performance.now() + (quick ? 1_000 : 10_000) })
  log('warm')
  const seconds = quick ? 2 : 20
  const times = await askPages(site.port, { clients, path, until: performance.now() + seconds * 1_000 })
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
  return {
    figures: {
      datasetP50Ms: at(0.5),
      datasetP95Ms: at(0.95),
      pagesPerSecond: times.length / seconds,
      datasets,
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
