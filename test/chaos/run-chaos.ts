import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { openCatalog } from '@holdfast/appview/store/open'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { deleteDataset, putDataset, putOther, startFollowing } from '../ingest/following.ts'
import type { TestAccount } from '../network/accounts.ts'
import { type Network, startNetwork } from '../network/network.ts'
import { seededRandom } from '../network/relay/seeded-random.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { startFlakyProxy } from './flaky-proxy.ts'

export interface ChaosOptions {
  seed: number
  /** Ends after this many kills or minutes, whichever is given. */
  kills?: number
  minutes?: number
  /** The URL of PostgreSQL, which is then interrupted now and then; without it, the embedded store is used. */
  databaseUrl?: string | undefined
  log: (line: string) => void
}

export interface ChaosResult {
  kills: number
  outages: number
  writes: number
  events: number
  resyncs: number
  resyncsPerMillionEvents: number
  faults: Readonly<Record<string, number>>
}

/**
 * Writers create, update and delete records on three PDSes; the relay drops, repeats and reorders frames and
 * disconnects; the database is interrupted; and ingest is killed at random moments. At the end the catalog must equal
 * the repositories, record for record; otherwise this throws. The same seed makes the same choices, but not the same
 * timing.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, log } = options
  const random = seededRandom(seed)
  await using stack = new AsyncDisposableStack()
  const network = stack.use(await startNetwork({ pdsCount: 3, accounts: 6 }))
  const store = await startStore(options, stack)
  const sources = [network.relayUrl.replace(/^http/, 'ws')]
  network.relay.faults.setFaults({
    seed,
    dropRate: 0.02,
    repeatRate: 0.05,
    reorderWindow: 3,
    disconnectEvery: 150,
  })

  const stop = new AbortController()
  const writers = network.accounts.map((account, n) =>
    keepWriting(account, { random: seededRandom(seed + n), signal: stop.signal }),
  )
  const counts = { kills: 0, outages: 0, events: 0, resyncs: 0 }
  const endsAt = Date.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000
  while (Date.now() < endsAt && counts.kills < (options.kills ?? Number.POSITIVE_INFINITY)) {
    const child = startChild({ sources, plcUrl: network.plcUrl, ...store.child })
    // Usually it is killed while it works, sometimes before it has started completely.
    if (random() < 0.8) await Promise.race([child.works, pause(60_000)])
    if (store.outage && random() < 0.2) {
      await store.outage(random() * 700)
      counts.outages++
    }
    await pause(random() * 600)
    const { events, asked } = await child.kill()
    counts.kills++
    counts.events += events
    counts.resyncs += asked
    if (counts.kills % 10 === 0)
      log(`${counts.kills} kills, ${counts.events} events, ${counts.resyncs} whole reads`)
  }
  stop.abort()
  const writes = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0)
  const faults = { ...network.relay.faults.counts }
  network.relay.faults.clear()
  log(`${writes} writes; the dust settles`)
  await compare(network, { sources, store: await store.open(), stack })
  const resyncsPerMillionEvents = Math.round((counts.resyncs / Math.max(counts.events, 1)) * 1e6)
  return { ...counts, writes, resyncsPerMillionEvents, faults }
}

/** Lets ingest run undisturbed until the catalog and the repositories agree. */
async function compare(
  network: Network,
  {
    sources,
    store,
    stack,
  }: { sources: string[]; store: Awaited<ReturnType<typeof openCatalog>>; stack: AsyncDisposableStack },
): Promise<void> {
  stack.use(store)
  await using index = await startFollowing(network, { sources, catalog: store, reconcileMs: 8_000 })
  await index.agrees(network.accounts, 90_000)
}

interface Store {
  child: { databaseUrl?: string; dataDir?: string }
  open: () => ReturnType<typeof openCatalog>
  outage?: (forMs: number) => Promise<void>
}

async function startStore({ databaseUrl }: ChaosOptions, stack: AsyncDisposableStack): Promise<Store> {
  if (!databaseUrl) {
    const dataDir = stack.use(await scratchDirectory()).path
    return { child: { dataDir }, open: () => openCatalog({ dataDir }) }
  }
  const { url } = stack.use(await createScratchDatabase(databaseUrl))
  const direct = new URL(url)
  const proxy = stack.use(await startFlakyProxy({ host: direct.hostname, port: Number(direct.port || 5432) }))
  const proxied = new URL(url)
  proxied.hostname = '127.0.0.1'
  proxied.port = String(proxy.port)
  return {
    child: { databaseUrl: proxied.href },
    open: () => openCatalog({ databaseUrl: url }),
    async outage(forMs) {
      await proxy.down()
      await pause(forMs)
      await proxy.up()
    },
  }
}

function startChild(orders: object) {
  const child: ChildProcess = spawn(
    process.execPath,
    [new URL('ingest-process.ts', import.meta.url).pathname, JSON.stringify(orders)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const { promise: works, resolve } = Promise.withResolvers<void>()
  let last = { events: 0, asked: 0 }
  createInterface(child.stdout!).on('line', (line) => {
    const said = JSON.parse(line)
    last = said
    if (said.events > 0) resolve()
  })
  child.once('exit', () => resolve())
  return {
    works,
    async kill() {
      if (child.exitCode === null) {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }
      return last
    },
  }
}

/** Writes to one account until the signal; returns the number of writes. */
async function keepWriting(
  account: TestAccount,
  { random, signal }: { random: () => number; signal: AbortSignal },
): Promise<number> {
  const held = new Set<string>()
  let writes = 0
  while (!signal.aborted) {
    const rkey = `d${Math.floor(random() * 30)}`
    const dice = random()
    if (dice < 0.25 && held.delete(rkey)) await deleteDataset(account, rkey)
    else if (dice < 0.6) await putOther(account, `n${Math.floor(random() * 50)}`)
    else {
      await putDataset(account, rkey, `Version ${writes} of ${rkey}`)
      held.add(rkey)
    }
    writes++
    await pause(random() * 120)
  }
  return writes
}
