import createRpc from 'k-rpc'
import { createDhtSocket } from './dht-socket.ts'
import { confirmedBits, estimateAddresses } from './scrape-filter.ts'

export interface DhtAddress {
  readonly host: string
  readonly port: number
}

export interface DhtNode extends AsyncDisposable {
  /** Asks the nodes nearest to a name (20 bytes in hex) how many peers have it; answers within half a minute count. */
  ask(name: string, signal: AbortSignal): Promise<DhtAnswer>
}

/** The combined answer of the nodes. */
export interface DhtAnswer {
  /** How many hosts answered; several nodes on one host count once. */
  hosts: number
  seeders: number
  leechers: number
  /** Whether nodes named peers without saying which of them are seeders (BEP 5 without BEP 33). */
  isUncounted: boolean
}

export interface DhtNodeOptions {
  /** The nodes to ask first, while no others are known. */
  nodes: readonly DhtAddress[]
  allowPrivateHosts: boolean
  /** How long a node may take to answer. */
  answerMs?: number
}

/** The most unanswered queries at once, over all searches. */
const concurrency = 16
/** A search ends after this many answers: it has long passed the nearest nodes, or somebody is misleading it. */
const maxAnswers = 100
const searchMs = 30_000

/**
 * Starts a node of the mainline DHT (BEP 5, IPv4) that sends queries and answers none. Its results come from strangers, who
 * may lie: anybody who runs two hosts near a name can make up its counts.
 */
export function startDhtNode({ nodes, allowPrivateHosts, answerMs = 2_000 }: DhtNodeOptions): DhtNode {
  const socket = createDhtSocket({ allowPrivateHosts })
  const rpc = createRpc({ nodes, concurrency, timeout: answerMs, socket })
  // Ignore errors such as names that do not resolve; the search then reports that nobody answered.
  for (const event of ['error', 'warning']) rpc.on(event, () => {})
  rpc.setMaxListeners(0)
  return {
    async ask(name, signal) {
      const heard = new Map<string, Heard>()
      const ended = AbortSignal.any([signal, AbortSignal.timeout(searchMs)])
      const target = Buffer.from(name, 'hex')
      const { promise, resolve } = Promise.withResolvers<void>()
      ended.addEventListener('abort', () => resolve(), { once: true })
      const question = { q: 'get_peers', a: { id: rpc.id, info_hash: target, scrape: 1 } }
      let answers = 0
      const visit = ({ r }: { r: Heard }, { address }: { address: string }) => {
        heard.set(address, r)
        return ++answers < maxAnswers && !ended.aborted
      }
      rpc.closest(target, question, visit, () => resolve())
      await promise
      signal.throwIfAborted()
      return toWord([...heard.values()])
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => rpc.destroy(resolve)),
  }
}

/** The fields of an answer about a torrent that `dht-reply.ts` passes on. */
interface Heard {
  readonly BFsd?: Uint8Array
  readonly BFpe?: Uint8Array
  readonly values?: number
}

function toWord(heard: readonly Heard[]): DhtAnswer {
  const count = (field: 'BFsd' | 'BFpe') =>
    estimateAddresses(confirmedBits(heard.flatMap((answer) => answer[field] ?? [])))
  const counts = { seeders: count('BFsd'), leechers: count('BFpe') }
  const isUncounted = counts.seeders + counts.leechers === 0 && heard.some(({ values }) => values)
  return { hosts: heard.length, ...counts, isUncounted }
}
