/**
 * Everything at once on PostgreSQL: people search, complete and read, machines harvest, readers follow the live stream, and
 * meanwhile the operator denies an account of up to 100,000 records. The server is a process of its own; times are the
 * visitors', on the same machine.
 */
import { fork } from 'node:child_process'
import { openCatalog } from '@holdfast/appview/store/open'
import { adminToken, uriOf } from '../appview/index-under-test.ts'
import { call } from '../system/xrpc.ts'
import { crowdSizes, large, prepareCrowd } from './crowd/scratch-database.ts'
import { readStreams, type StreamRates } from './crowd/stream-readers.ts'
import { type Kind, kindsOf, type Visits, visit } from './crowd/visitors.ts'
import { showEverywhere, untilGone } from './denial/interfaces.ts'
import type { Bench } from './main.ts'

/** What each figure should keep to (milliseconds, and events a second). */
const targets = { p95Ms: 300, denyMs: 1_000, streamEventsPerSecond: 1_000 } as const

/** What a busy machine does even to the least of servers, which is asked at the same time. */
const bareName = 'bare'
const bareKind: Kind = { clients: 2, pauseMs: 100, path: () => '/' }

export const run: Bench = async ({ quick, datasets, log }) => {
  const server = process.env.HOLDFAST_TEST_DATABASE_URL
  if (!server)
    throw new Error(
      'Set HOLDFAST_TEST_DATABASE_URL to a PostgreSQL server that may hold the scratch databases.',
    )
  const sizes = crowdSizes(datasets ?? (quick ? 20_000 : 1_000_000))
  await using database = await prepareCrowd(server, sizes, log)
  await using catalog = await openCatalog({ databaseUrl: database.url, poolSize: 4 })
  await using bare = await startServer('bare-server', database.url)
  await using index = await startServer('server', database.url)
  log('searches are answered from memory')
  const account = {
    ...large,
    uri: uriOf(large.did, 'dataset', `${large.word}1`),
    lastOther: sizes.datasets + sizes.torrents,
  }
  await showEverywhere(index.url, account)
  const [warmSeconds, seconds] = quick ? [2, 8] : [10, 60]
  await crowdFor(warmSeconds)
  log('warm')
  const denial = measureDenial()
  const { visits, streams } = await crowdFor(seconds)
  return summary(visits, streams, await denial)

  async function crowdFor(length: number) {
    const until = AbortSignal.timeout(length * 1_000)
    const kinds = Object.entries(kindsOf(sizes.datasets))
    const [streams, ...visits] = await Promise.all([
      readStreams(index.url, catalog.db, until),
      visit(bare.url, bareKind, until).then((visits) => [bareName, visits] as const),
      ...kinds.map(async ([name, kind]) => [name, await visit(index.url, kind, until)] as const),
    ])
    return { visits: Object.fromEntries(visits), streams }
  }

  /** Denies the account a quarter into the time, and asks until no interface shows it. */
  async function measureDenial() {
    await new Promise((resolve) => setTimeout(resolve, seconds * 250))
    const body = { subject: large.did, action: 'deny' }
    const denied = call<unknown>(index.url, 'updateAdmission', { body, token: adminToken })
    const [{ afterMs, byInterface }] = await Promise.all([untilGone(index.url, account), denied])
    const each = Object.entries(byInterface).map(([name, ms]) => `${name} ${ms.toFixed(0)}`)
    log(`the account was gone after ${afterMs.toFixed(0)} ms (${each.join(', ')})`)
    return afterMs
  }

  function summary(visits: Record<string, Visits>, streams: StreamRates, denyMs: number) {
    const figures: Record<string, number> = {}
    for (const [name, { times, refused, example }] of Object.entries(visits)) {
      if (example !== undefined)
        log(`${refused} of ${times.length} answers to ${name} were errors: ${example}`)
      figures[`${name}P50Ms`] = quantile(times, 0.5)
      figures[`${name}P95Ms`] = quantile(times, 0.95)
      figures[`${name}P99Ms`] = quantile(times, 0.99)
    }
    const ours = Object.entries(visits).filter(([name]) => name !== bareName)
    const slowestP95Ms = Math.max(...ours.map(([, { times }]) => quantile(times, 0.95)))
    const [live, replayed] = [quantile(streams.live, 0.5), quantile(streams.replayed, 0.5)]
    const streamEventsPerSecond = Math.min(live, replayed)
    const answers = ours.reduce((sum, [, { times }]) => sum + times.length, 0)
    return {
      figures: {
        datasets: sizes.datasets + sizes.large,
        torrents: sizes.torrents + sizes.large,
        denied: 2 * sizes.large,
        ...figures,
        slowestP95Ms,
        answersPerSecond: answers / seconds,
        refused: ours.reduce((sum, [, { refused }]) => sum + refused, 0),
        denyMs,
        liveEventsPerSecond: live,
        replayedEventsPerSecond: replayed,
        streamEventsPerSecond,
      },
      ratios: {
        p95VsTarget: targets.p95Ms / slowestP95Ms,
        denyVsTarget: targets.denyMs / denyMs,
        streamVsTarget: streamEventsPerSecond / targets.streamEventsPerSecond,
      },
    }
  }
}

async function startServer(
  program: 'server' | 'bare-server',
  databaseUrl: string,
): Promise<AsyncDisposable & { url: string }> {
  const child = fork(new URL(`crowd/${program}.ts`, import.meta.url), [databaseUrl])
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { url: string }).url))
    void ended.then((code) => reject(new Error(`the server ended with ${code}`)))
  })
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await ended
    },
  }
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}
