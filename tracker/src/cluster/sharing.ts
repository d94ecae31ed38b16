import { randomBytes } from 'node:crypto'
import type { RedisClient } from '@holdfast/runtime/connect-redis'
import type { Logger } from 'pino'
import { tickSeconds } from '../announce-interval.ts'
import type { Counts } from '../counts.ts'
import { type Announce, newAnnounce, noReply } from '../swarms/announce.ts'
import type { Swarms } from '../swarms/swarms.ts'
import { Journal, readRecords } from './journal.ts'
import { openRedis, PersistentRedisError, refusePersistence } from './redis.ts'
import { everyMs, shards } from './shards.ts'

/**
 * Shares swarms between nodes through Redis streams. Every node answers from its own memory; four times a second it
 * appends the announces it received to one of a few streams, and reads what the other nodes appended. Streams are
 * trimmed to the lifetime of a peer, so a node that starts reads them from the beginning and knows every peer, and a
 * node that was disconnected continues where it was. While Redis is away, each node serves the swarms it has.
 */
export class Sharing implements AsyncDisposable {
  /** The announces of this node's own clients. */
  readonly journal: Journal
  readonly #options: SharingOptions
  readonly #client: RedisClient
  readonly #node = randomBytes(8).toString('hex')
  readonly #read: string[] = Array.from({ length: shards }, () => '0-0')
  readonly #unsent: Batch[][] = Array.from({ length: shards }, () => [])
  readonly #recent: Batch[][] = Array.from({ length: shards }, () => [])
  readonly #stopped = new AbortController()
  readonly #announce = newAnnounce()
  #running: Promise<unknown> = Promise.resolve()
  #strangers: { infoHash: Uint8Array; announce: Announce; untilMs: number }[] = []
  #connected = false
  #checkedAtMs = 0
  readonly #behind = new Set<number>()

  constructor(options: SharingOptions) {
    this.#options = options
    this.journal = new Journal(shards, options)
    this.#client = openRedis(options.url)
    this.#client.on('error', () => {})
  }

  /**
   * Connects, and reads what the other nodes know if Redis answers within a few seconds.
   * @throws PersistentRedisError if the Redis stores data on disk
   */
  static async start(options: SharingOptions): Promise<Sharing> {
    const sharing = new Sharing(options)
    try {
      await sharing.#begin()
    } catch (error) {
      await sharing[Symbol.asyncDispose]()
      throw error
    }
    return sharing
  }

  /** Whether the last exchange of every stream succeeded. */
  get connected(): boolean {
    return this.#connected && this.#behind.size === 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort()
    await this.#running
    if (this.#connected) await this.#exchangeAll()
    this.#client.disconnect()
  }

  async #begin(): Promise<void> {
    const { log } = this.#options
    const deadline = Date.now() + startTimeoutMs
    while (!this.#connected && Date.now() < deadline) {
      try {
        await this.#check()
      } catch (error) {
        if (error instanceof PersistentRedisError) throw error
        await this.#pause()
      }
    }
    if (!this.#connected)
      log.warn('Redis does not answer: serving only the swarms of this node until it does')
    this.#running = this.#run()
  }

  async #check(): Promise<void> {
    await this.#client.ping()
    if (!this.#options.mayPersist) await refusePersistence(this.#client)
    this.#connected = true
    this.#checkedAtMs = Date.now()
  }

  async #run(): Promise<void> {
    const { log } = this.#options
    let well = this.#connected
    while (!this.#stopped.signal.aborted) {
      await this.#pause()
      try {
        if (!this.#connected || Date.now() - this.#checkedAtMs > checkEveryMs) await this.#check()
        await this.#exchangeAll()
        this.#retryStrangers()
      } catch (error) {
        // A Redis that came back with persistence enabled is not used.
        this.#connected = false
        if (error instanceof PersistentRedisError) log.error({ reason: error.message }, 'not sharing swarms')
      }
      if (well === this.connected) continue
      well = this.connected
      if (well) log.info('swarms are shared again')
      else
        log.warn('Redis is unavailable: serving the swarms of this node and what other nodes shared before')
    }
  }

  #pause(): Promise<void> {
    const { signal } = this.#stopped
    return new Promise((done) => {
      const finish = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', finish)
        done()
      }
      const timer = setTimeout(finish, everyMs)
      signal.addEventListener('abort', finish)
    })
  }

  async #exchangeAll(): Promise<void> {
    await Promise.all(Array.from({ length: shards }, (_, shard) => this.#exchange(shard)))
  }

  /** Sends this node's records of a shard and reads those of the other nodes. */
  async #exchange(shard: number): Promise<void> {
    const recent = this.#recent[shard]!
    const unsent = this.#unsent[shard]!
    const now = Date.now()
    const noted = this.journal.take(shard)
    if (noted !== undefined) unsent.push({ madeAtMs: now, records: noted })
    const oldest = now - this.#options.peerLifeMs()
    while (unsent.length > 0 && (unsent[0]!.madeAtMs < oldest || unsent.length > mostUnsent)) unsent.shift()
    while (recent.length > 0 && recent[0]!.madeAtMs < now - doubtfulMs) recent.shift()
    try {
      while (unsent.length > 0) {
        await this.#append(shard, unsent[0]!)
        recent.push(unsent.shift()!)
      }
      if (this.#options.listReady()) await this.#readShard(shard)
      this.#behind.delete(shard)
    } catch {
      // A master that fails loses what it had not replicated yet, so the last seconds are sent again.
      if (!this.#behind.has(shard)) unsent.unshift(...recent.splice(0))
      this.#behind.add(shard)
    }
  }

  async #append(shard: number, { madeAtMs, records }: Batch): Promise<void> {
    const lifeMs = this.#options.peerLifeMs()
    const key = keyOf(shard)
    const from = String(Date.now() - lifeMs)
    await this.#client.xadd(
      key,
      'MINID',
      '~',
      from,
      '*',
      'node',
      this.#node,
      'at',
      String(madeAtMs),
      'records',
      records,
    )
    await this.#client.pexpire(key, lifeMs)
  }

  async #readShard(shard: number): Promise<void> {
    for (let more = true; more && !this.#stopped.signal.aborted; ) {
      const entries = await this.#client.xrangeBuffer(
        keyOf(shard),
        `(${this.#read[shard]}`,
        '+',
        'COUNT',
        page,
      )
      for (const [id, fields] of entries as [Buffer, Buffer[]][]) {
        if (!this.#apply(fields)) this.#leaveOut(shard, String(id))
        this.#read[shard] = String(id)
      }
      more = entries.length === page
    }
  }

  /** Applies an entry; returns false if it is malformed. The records before the fault are applied. */
  #apply(fields: readonly Buffer[]): boolean {
    const field = (name: string): Buffer | undefined => {
      const at = fields.findIndex((each, index) => index % 2 === 0 && String(each) === name)
      return at < 0 ? undefined : fields[at + 1]
    }
    const [node, at, records] = [field('node'), field('at'), field('records')]
    if (node === undefined || records === undefined || !/^\d{1,15}$/.test(String(at))) return false
    if (String(node) === this.#node) return true
    // An entry's time is never taken to be in the future, whatever the other node's clock says.
    const madeAtMs = Math.min(Date.now(), Number(String(at)))
    if (Date.now() - madeAtMs > this.#options.peerLifeMs()) return true
    const announce = this.#announce
    announce.tick = Math.floor(madeAtMs / 1000 / tickSeconds) & 0xff
    return readRecords(records, announce, (offset) => {
      const known = this.#options.swarms.announce(records, offset, announce, noReply)
      if (known || this.#strangers.length >= mostStrangers) return
      const address = announce.address.slice()
      const infoHash = records.subarray(offset, offset + 20)
      this.#strangers.push({
        infoHash,
        announce: { ...announce, address },
        untilMs: Date.now() + strangerMs,
      })
    })
  }

  /** A malformed entry does not stop reading: it is skipped, counted, and logged now and then. */
  #leaveOut(shard: number, entry: string): void {
    const { counts, log } = this.#options
    if (counts.redisMalformed++ % toldEvery === 0) {
      log.warn({ stream: keyOf(shard), entry }, 'skipped a malformed entry of a stream in Redis')
    }
  }

  /** Another node may have learned of a torrent a moment before this one, so peers of unknown torrents are tried again. */
  #retryStrangers(): void {
    const now = Date.now()
    this.#strangers = this.#strangers.filter(
      ({ infoHash, announce, untilMs }) =>
        !this.#options.swarms.announce(infoHash, 0, announce, noReply) && untilMs > now,
    )
  }
}

export interface SharingOptions {
  url: string
  mayPersist: boolean
  swarms: Swarms
  peersPerAddress: number
  counts: Counts
  listReady: () => boolean
  /** How long a peer is remembered without an announce, in milliseconds. */
  peerLifeMs: () => number
  log: Logger
}

interface Batch {
  madeAtMs: number
  records: Buffer
}

const checkEveryMs = 60_000
const startTimeoutMs = 5000
const doubtfulMs = 10_000
const mostUnsent = 2000
const page = 100
const toldEvery = 1000
const mostStrangers = 10_000
const strangerMs = 15_000

/** The key of a shard's stream; a cluster spreads the keys over its slots by name. */
function keyOf(shard: number): string {
  return `holdfast-tracker:journal:${shard}`
}
