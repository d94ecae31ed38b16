/**
 * Measures what a second API process adds, and what clients notice when one of two AppViews is killed.
 *
 * `throughputRatio` compares two processes with one. Load, database and processes share the machine's cores, so that what two
 * answer is counted for each second of processor time that they used themselves: two processes that need no more of it for an
 * answer than one does would answer twice as much on cores of their own. `plainRatio` is what they answered here.
 */
import { applyAdmissionPolicy } from '@holdfast/appview/catalog/admission-policy'
import { applyBatch } from '@holdfast/appview/catalog/apply-batch'
import { migrate, openCatalog } from '@holdfast/appview/store/open'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { collections } from '@holdfast/lexicons/nsid'
import { startNetwork } from '../network/network.ts'
import { databaseUrl } from '../system/requirements.ts'
import type { Bench } from './main.ts'
import { measureFailover } from './scale/failover.ts'
import { startProcess } from './scale/processes.ts'
import { measureThroughput, type Throughput } from './scale/throughput.ts'

const targets = { throughputRatio: 1.6, failoverMs: 2_000 }

export const run: Bench = async ({ quick, datasets = quick ? 200 : 2_000, log }) => {
  if (!databaseUrl()) throw new Error('set HOLDFAST_TEST_DATABASE_URL: several processes need PostgreSQL')
  await using network = await startNetwork({ pdsCount: 1, accounts: 1 })
  const { one, two } = await measureBoth(network, { quick, datasets, log })
  await using database = await createScratchDatabase(databaseUrl())
  const failover = await measureFailover(
    { network, databaseUrl: database.url },
    quick ? { beforeMs: 1_000, afterMs: 1_000 } : { beforeMs: 5_000, afterMs: 10_000 },
  )
  log(`${failover.requests} requests while one was killed, ${failover.repeatedRequests} repeated`)
  const throughputRatio = (2 * two.perCoreSecond) / one.perCoreSecond
  const figures = {
    requestsPerSecondOne: Math.round(one.requestsPerSecond),
    requestsPerSecondTwo: Math.round(two.requestsPerSecond),
    perCoreSecondOne: Math.round(one.perCoreSecond),
    perCoreSecondTwo: Math.round(two.perCoreSecond),
    evenness: rounded(two.evenness),
    failoverMs: Math.round(failover.failoverMs),
    requests: failover.requests,
    repeatedRequests: failover.repeatedRequests,
    failedRequests: failover.failedRequests,
  }
  return {
    figures,
    ratios: {
      throughputRatio: rounded(throughputRatio),
      plainRatio: rounded(two.requestsPerSecond / one.requestsPerSecond),
      throughputVsTarget: rounded(throughputRatio / targets.throughputRatio),
      failoverVsTarget: rounded(targets.failoverMs / failover.failoverMs),
    },
  }
}

async function measureBoth(
  network: Awaited<ReturnType<typeof startNetwork>>,
  { quick, datasets, log }: { quick: boolean; datasets: number; log: (line: string) => void },
): Promise<{ one: Throughput; two: Throughput }> {
  await using database = await createScratchDatabase(databaseUrl())
  await migrate({ databaseUrl: database.url })
  const uris = await fill(database.url, datasets)
  const parts = { network, databaseUrl: database.url }
  await using worker = await startProcess('ingest,swarms', parts)
  await using first = await startProcess('api', parts)
  await using second = await startProcess('api', parts)
  const seconds = quick ? 2 : 15
  const measure = async (processes: (typeof first)[]) => {
    const found = await measureThroughput(processes, { uris, seconds })
    log(`${processes.length}: ${Math.round(found.requestsPerSecond)} requests/s`)
    return found
  }
  // What is compiled while it runs is not to be measured, nor the order in which they are asked.
  await measure([first, second])
  const ones = [await measure([first])]
  const two = await measure([first, second])
  ones.push(await measure([second]))
  if (worker.program.process.exitCode !== null) throw new Error(worker.program.output())
  return { one: meanOf(ones), two }
}

function meanOf(found: readonly Throughput[]): Throughput {
  const mean = (field: keyof Throughput) => found.reduce((sum, one) => sum + one[field], 0) / found.length
  return {
    requestsPerSecond: mean('requestsPerSecond'),
    perCoreSecond: mean('perCoreSecond'),
    evenness: mean('evenness'),
  }
}

/** Writes datasets as if they had been read from the network; resolves with their URIs. */
async function fill(url: string, count: number): Promise<string[]> {
  await using catalog = await openCatalog({ databaseUrl: url })
  await applyAdmissionPolicy(catalog.db, 'open')
  const did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
  const ops = Array.from({ length: count }, (_, n) => {
    const title = `Dataset ${n} of glaciers, rivers and the sea`
    const value = { title, description: title.repeat(10), createdAt: '2026-11-20T00:00:00.000Z' }
    const uri = `at://${did}/${collections.dataset}/d${n}`
    return { action: 'put' as const, kind: 'dataset', uri, cid: `c${n}`, value }
  })
  await applyBatch(catalog.db, { commits: [{ did, rev: '3jzfcijpj2z2a', dataCid: 'd', ops }] })
  return ops.map(({ uri }) => uri)
}

const rounded = (value: number) => Number(value.toFixed(2))
