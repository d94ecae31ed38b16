import { Agent } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { methods } from '@holdfast/lexicons/nsid'
import type { Network } from '../../network/network.ts'
import { waitFor } from '../../network/wait-for.ts'
import { putRecord } from '../../system/publish.ts'
import { query } from '../../system/xrpc.ts'
import { get } from './get.ts'
import { startHaproxy, startProcess } from './processes.ts'

export interface Failover {
  /** From `kill -9` until a record that was written after it is indexed. */
  readonly failoverMs: number
  readonly requests: number
  /** Requests that failed, and failed again when they were repeated once. */
  readonly failedRequests: number
  readonly repeatedRequests: number
  /** Why the last request failed for good; undefined if none did. */
  readonly reason: string | undefined
}

const requestsPerSecond = 200

/**
 * Two processes with all roles behind HAProxy are asked 200 times a second. The one that follows the network is killed in
 * the middle.
 */
export async function measureFailover(
  parts: { network: Network; databaseUrl: string },
  { beforeMs, afterMs }: { beforeMs: number; afterMs: number },
): Promise<Failover> {
  const account = parts.network.accounts[0]!
  await using leader = await startProcess('api,ingest,swarms', parts)
  await waitFor(() => leader.program.output().includes('this process follows the sources'), {
    what: 'the first process to lead',
  })
  await using standby = await startProcess('api,ingest,swarms', parts)
  await using proxy = await startHaproxy([leader.url, standby.url])
  const indexed = (uri: string) =>
    waitFor(() => query(standby.url, 'getDataset', { uri }), { what: `${uri} at the other process` })
  const put = (rkey: string) =>
    putRecord(account, { collection: 'dataset', rkey, record: { title: `Dataset ${rkey}` } })
  const uri = await put('before')
  await indexed(uri)
  const address = `/xrpc/${methods.getDataset}?uri=${encodeURIComponent(uri)}`
  const load = startLoad((turn) => getFrom(visitorOf(turn), new URL(address, proxy.url)))
  await setTimeout(beforeMs)
  const killedAtMs = performance.now()
  await leader.program.stop('SIGKILL')
  await indexed(await put('after'))
  const failoverMs = performance.now() - killedAtMs
  await setTimeout(afterMs)
  return { failoverMs, ...(await load.stop()) }
}

/** Visitors are told apart by their address, each of which may ask only so much. */
const visitors = 100
const visitorOf = (turn: number) => `127.0.1.${1 + (turn % visitors)}`

const agents = new Map<string, Agent>()

function getFrom(localAddress: string, url: URL): Promise<void> {
  const agent = agents.get(localAddress) ?? new Agent({ keepAlive: true, localAddress })
  agents.set(localAddress, agent)
  return get(url, agent)
}

/** Sends requests at a steady rate, whether or not they are answered; each that fails is repeated once. */
function startLoad(ask: (turn: number) => Promise<unknown>) {
  const counts = { requests: 0, failedRequests: 0, repeatedRequests: 0 }
  let reason: string | undefined
  const sent = new Set<Promise<void>>()
  const repeat = async (turn: number) => {
    counts.repeatedRequests++
    await ask(turn).catch((error) => {
      counts.failedRequests++
      reason = String(error)
    })
  }
  const send = () => {
    const turn = counts.requests++
    const answered: Promise<void> = ask(turn)
      .then(
        () => {},
        () => repeat(turn),
      )
      .finally(() => sent.delete(answered))
    sent.add(answered)
  }
  const startedAtMs = performance.now()
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAtMs) * requestsPerSecond) / 1_000
    while (counts.requests < due) send()
  }, 5)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(sent)
      return { ...counts, reason }
    },
  }
}
