import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { waitFor } from '../../network/wait-for.ts'

export interface ClientsOptions {
  /** UDP ports on 127.0.0.1. A client starts with one of them and moves to the next if it is not answered. */
  trackers: readonly number[]
  infoHashes: readonly string[]
  /** The total number of clients; each is in one swarm and announces until it is answered. */
  clients: number
  /** The number of new clients per second. */
  rate: number
}

/**
 * BitTorrent clients that announce by UDP (BEP 15) as they appear, client `n` to torrent `n` modulo the number of
 * torrents, and count how they were served.
 */
export class AnnouncingClients implements AsyncDisposable {
  readonly #options: ClientsOptions
  readonly #socket: Socket
  readonly #trackers: TrackerSeen[]
  readonly #waiting = new Map<number, Waiting>()
  /** The clients in the order in which they last asked for an answer. */
  #asked: { client: number; atMs: number }[] = []
  readonly #datagram = Buffer.alloc(98)
  readonly #timers: NodeJS.Timeout[] = []
  #begunAtMs = 0
  #appeared = 0
  /** The number of clients that were answered. */
  answered = 0
  /** The number of answers that were errors. */
  errors = 0
  /** The number of announces that were not answered within a second. */
  timeouts = 0
  /** The time from a client's first announce to its first proper answer. */
  longestWaitMs = 0

  constructor(options: ClientsOptions, socket: Socket) {
    this.#options = options
    this.#socket = socket
    this.#trackers = options.trackers.map((port) => ({
      port,
      id: undefined,
      goodAtMs: 0,
      badSinceMs: 0,
      spellMs: 0,
    }))
    this.#datagram.writeUInt32BE(1, 8)
    this.#datagram.write('-XX0001-', 36, 'latin1')
    socket.on('message', (answer, { port }) => this.#receive(answer, port))
  }

  static async start(options: ClientsOptions): Promise<AnnouncingClients> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const clients = new AnnouncingClients(options, socket)
    const connected = () => {
      clients.#connect()
      return clients.#trackers.every(({ id }) => id !== undefined)
    }
    await waitFor(connected, { what: 'every tracker to give a connection id', intervalMs: 100 })
    clients.#begunAtMs = performance.now()
    clients.#timers.push(setInterval(() => clients.#step(), 4))
    // A connection id is valid for two minutes.
    clients.#timers.push(setInterval(() => clients.#connect(), 30_000))
    return clients
  }

  get perSecond(): number {
    return (this.answered * 1000) / (performance.now() - this.#begunAtMs)
  }

  /** The longest time for which the tracker at `port`, when asked, answered with errors or not at all. */
  longestErrorSpellMs(port: number): number {
    return this.#trackers.find((tracker) => tracker.port === port)!.spellMs
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  #connect(): void {
    for (const [number, { port }] of this.#trackers.entries()) {
      const datagram = Buffer.from('00000417271019800000000000000000', 'hex')
      datagram.writeUInt32BE(firstConnect + number, 12)
      this.#socket.send(datagram, port, '127.0.0.1')
    }
  }

  /** Starts the clients that are due, and moves those that wait too long to their next tracker. */
  #step(): void {
    const { rate, clients, trackers } = this.#options
    const now = performance.now()
    const due = Math.min(clients, Math.floor(((now - this.#begunAtMs) * rate) / 1000))
    while (this.#appeared < due && this.#waiting.size < mostWaiting) {
      const client = this.#appeared++
      this.#waiting.set(client, { sinceMs: now, tracker: client % trackers.length })
      this.#ask(client, now)
    }
    let over = 0
    for (; over < this.#asked.length && this.#asked[over]!.atMs < now - timeoutMs; over++) {
      const { client } = this.#asked[over]!
      if (!this.#waiting.has(client)) continue
      this.timeouts++
      this.#askNext(client, now)
    }
    if (over > 0) this.#asked = this.#asked.slice(over)
  }

  #ask(client: number, now: number): void {
    const { infoHashes } = this.#options
    const tracker = this.#trackers[this.#waiting.get(client)!.tracker]!
    const datagram = this.#datagram
    datagram.set(tracker.id!)
    datagram.writeUInt32BE(client, 12)
    datagram.write(infoHashes[client % infoHashes.length]!, 16, 'hex')
    datagram.writeUInt32BE(client, 44)
    // The client has something left to download, and asks for ten peers.
    datagram.writeUInt32BE(1, 68)
    datagram.writeUInt32BE(client, 88)
    datagram.writeUInt32BE(10, 92)
    datagram.writeUInt16BE(1024 + Math.floor(client / infoHashes.length), 96)
    this.#socket.send(Buffer.from(datagram), tracker.port, '127.0.0.1')
    this.#asked.push({ client, atMs: now })
  }

  #askNext(client: number, now: number): void {
    const waiting = this.#waiting.get(client)!
    const tracker = this.#trackers[waiting.tracker]!
    tracker.badSinceMs ||= tracker.goodAtMs
    waiting.tracker = (waiting.tracker + 1) % this.#trackers.length
    this.#ask(client, now)
  }

  #receive(answer: Buffer, port: number): void {
    const now = performance.now()
    const [action, transaction] = [answer.readUInt32BE(0), answer.readUInt32BE(4)]
    if (action === 0) {
      this.#trackers[transaction - firstConnect]!.id = answer.subarray(8, 16)
      return
    }
    const waiting = this.#waiting.get(transaction)
    if (waiting === undefined || this.#trackers[waiting.tracker]!.port !== port) return
    if (action !== 1) {
      this.errors++
      this.#askNext(transaction, now)
      return
    }
    const tracker = this.#trackers[waiting.tracker]!
    if (tracker.badSinceMs > 0) tracker.spellMs = Math.max(tracker.spellMs, now - tracker.badSinceMs)
    tracker.badSinceMs = 0
    tracker.goodAtMs = now
    this.#waiting.delete(transaction)
    this.answered++
    this.longestWaitMs = Math.max(this.longestWaitMs, now - waiting.sinceMs)
  }
}

interface TrackerSeen {
  readonly port: number
  id: Buffer | undefined
  goodAtMs: number
  /** The time of its last proper answer before it stopped answering properly; 0 while it answers. */
  badSinceMs: number
  spellMs: number
}

interface Waiting {
  readonly sinceMs: number
  tracker: number
}

const timeoutMs = 1000
const mostWaiting = 50_000
const firstConnect = 0xffffff00
