import createRpc from 'k-rpc'
import { createDhtSocket } from './dht-socket.ts'
import { confirmedBits, estimateAddresses } from './scrape-filter.ts'

export interface DhtAddress {
  readonly host: string
  readonly port: number
}

export interface DhtNode extends AsyncDisposable {
  /** Asks the nodes nearest to a name (20 bytes in hex) who has it; those that come in half a minute count. */
  ask(name: string, signal: AbortSignal): Promise<DhtWord>
}

/** What the nodes say together. */
export interface DhtWord {
  /** Hosts that answered; several nodes of one host have one voice. */
  hosts: number
  seeders: number
  leechers: number
  /** Peers are named by nodes that do not say which of them have everything (BEP 5 without BEP 33). */
  isUncounted: boolean
}

export interface DhtNodeOptions {
  /** Where to begin while no node is known. */
  nodes: readonly DhtAddress[]
  allowPrivateHosts: boolean
  /** How long a node may take. */
  answerMs?: number
}

/** Questions awaiting answers at once, over all searches. */
const concurrency = 16
/** A search that hears so many answers has long passed the nearest, or is led on by somebody. */
const maxAnswers = 100
const searchMs = 30_000

/**
 * A node of the mainline DHT (BEP 5, IPv4) that asks and does not answer. What it is told is strangers' word: any of them
 * may lie, and whoever runs two hosts near a name can say of it what he likes.
 */
export function startDhtNode({ nodes, allowPrivateHosts, answerMs = 2_000 }: DhtNodeOptions): DhtNode {
  const socket = createDhtSocket({ allowPrivateHosts })
  const rpc = createRpc({ nodes, concurrency, timeout: answerMs, socket })
  // A name that does not resolve, a network that is away: the search hears nobody, and says so.
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

/** The fields of an answer that tell of a torrent, as `dht-reply.ts` lets them through. */
interface Heard {
  readonly BFsd?: Uint8Array
  readonly BFpe?: Uint8Array
  readonly values?: number
}

function toWord(heard: readonly Heard[]): DhtWord {
  const count = (field: 'BFsd' | 'BFpe') =>
    estimateAddresses(confirmedBits(heard.flatMap((answer) => answer[field] ?? [])))
  const counts = { seeders: count('BFsd'), leechers: count('BFpe') }
  const isUncounted = counts.seeders + counts.leechers === 0 && heard.some(({ values }) => values)
  return { hosts: heard.length, ...counts, isUncounted }
}
