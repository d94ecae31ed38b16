import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { TICK_SECONDS } from '../pace.ts'
import { type Announce, newAnnounce, noReply } from '../swarms/announce.ts'
import type { Swarms } from '../swarms/swarms.ts'
import { Journal, readRecords } from './journal.ts'
import { connectRedis, PersistentRedis, type RedisClient, refusePersistence } from './redis.ts'
import { EVERY_MS, SHARDS } from './shards.ts'

/**
 * Shares swarms between nodes through Redis streams. Every node answers from its own memory; it appends what was
 * announced to it to one of a few streams four times a second, and reads what the others appended. Streams are
 * cut to the time a peer lives, so a node that starts reads them from the beginning and knows every peer, and one
 * that was cut off goes on where it was. While Redis is away each node serves the swarms it has.
 */
export class Sharing implements AsyncDisposable {
  /** What this node's own clients announce goes here. */
  readonly journal = new Journal(SHARDS)
  readonly #options: SharingOptions
  readonly #client: RedisClient
  readonly #node = randomBytes(8).toString('hex')
  readonly #read: string[] = Array.from({ length: SHARDS }, () => '0-0')
  readonly #unsent: Batch[][] = Array.from({ length: SHARDS }, () => [])
  readonly #recent: Batch[][] = Array.from({ length: SHARDS }, () => [])
  readonly #stopped = new AbortController()
  readonly #announce = newAnnounce()
  #running: Promise<unknown> = Promise.resolve()
  #strangers: { infoHash: Uint8Array; announce: Announce; untilMs: number }[] = []
  #connected = false
  #checkedAtMs = 0
  readonly #behind = new Set<number>()

  private constructor(options: SharingOptions) {
    this.#options = options
    this.#client = connectRedis(options.url)
    this.#client.on('error', () => {})
  }

  /**
   * Connects, and reads what the others know if Redis answers within a few seconds.
   * @throws PersistentRedis
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

  /** Whether the last exchange with every stream went well. */
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
    const deadline = Date.now() + START_TIMEOUT_MS
    while (!this.#connected && Date.now() < deadline) {
      try {
        await this.#check()
      } catch (error) {
        if (error instanceof PersistentRedis) throw error
        await this.#pause()
      }
    }
    if (!this.#connected)
      log.warn('Redis does not answer: serving the swarms of this node alone until it does')
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
        if (!this.#connected || Date.now() - this.#checkedAtMs > CHECK_EVERY_MS) await this.#check()
        await this.#exchangeAll()
        this.#retryStrangers()
      } catch (error) {
        // A Redis that came back with its disk on is as good as none.
        this.#connected = false
        if (error instanceof PersistentRedis) log.error({ reason: error.message }, 'not sharing swarms')
      }
      if (well === this.connected) continue
      well = this.connected
      if (well) log.info('swarms are shared again')
      else log.warn('Redis is away: serving the swarms of this node, and what it knows of the others')
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
      const timer = setTimeout(finish, EVERY_MS)
      signal.addEventListener('abort', finish)
    })
  }

  async #exchangeAll(): Promise<void> {
    await Promise.all(Array.from({ length: SHARDS }, (_, shard) => this.#exchange(shard)))
  }

  /** Sends what this node has for a shard and reads what the others have. */
  async #exchange(shard: number): Promise<void> {
    const recent = this.#recent[shard]!
    const unsent = this.#unsent[shard]!
    const now = Date.now()
    const noted = this.journal.take(shard)
    if (noted !== undefined) unsent.push({ madeAtMs: now, records: noted })
    const oldest = now - this.#options.peerLifeMs()
    while (unsent.length > 0 && (unsent[0]!.madeAtMs < oldest || unsent.length > MOST_UNSENT)) unsent.shift()
    while (recent.length > 0 && recent[0]!.madeAtMs < now - DOUBTFUL_MS) recent.shift()
    try {
      while (unsent.length > 0) {
        await this.#append(shard, unsent[0]!)
        recent.push(unsent.shift()!)
      }
      if (this.#options.listReady()) await this.#readShard(shard)
      this.#behind.delete(shard)
    } catch {
      // A master that fails takes with it what it had not passed on: the last seconds are sent again.
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
        PAGE,
      )
      for (const [id, fields] of entries as [Buffer, Buffer[]][]) {
        this.#apply(fields)
        this.#read[shard] = String(id)
      }
      more = entries.length === PAGE
    }
  }

  #apply(fields: readonly Buffer[]): void {
    const field = (name: string): Buffer => fields[fields.findIndex((each) => String(each) === name) + 1]!
    if (String(field('node')) === this.#node) return
    // No clock runs ahead of ours here.
    const madeAtMs = Math.min(Date.now(), Number(String(field('at'))))
    if (Date.now() - madeAtMs > this.#options.peerLifeMs()) return
    const records = field('records')
    const announce = this.#announce
    announce.tick = Math.floor(madeAtMs / 1000 / TICK_SECONDS) & 0xff
    readRecords(records, announce, (offset) => {
      const known = this.#options.swarms.announce(records, offset, announce, noReply)
      if (known || this.#strangers.length >= MOST_STRANGERS) return
      const address = announce.address.slice()
      const infoHash = records.subarray(offset, offset + 20)
      this.#strangers.push({
        infoHash,
        announce: { ...announce, address },
        untilMs: Date.now() + STRANGER_MS,
      })
    })
  }

  /** The other node may have heard of a torrent a moment before this one: its peers are tried again. */
  #retryStrangers(): void {
    const now = Date.now()
    this.#strangers = this.#strangers.filter(
      ({ infoHash, announce, untilMs }) =>
        !this.#options.swarms.announce(infoHash, 0, announce, noReply) && untilMs > now,
    )
  }
}

export type SharingOptions = {
  url: string
  mayPersist: boolean
  swarms: Swarms
  listReady: () => boolean
  /** How long a peer is remembered without an announce. */
  peerLifeMs: () => number
  log: Logger
}

type Batch = { madeAtMs: number; records: Buffer }

const CHECK_EVERY_MS = 60_000
const START_TIMEOUT_MS = 5000
const DOUBTFUL_MS = 10_000
const MOST_UNSENT = 2000
const PAGE = 100
const MOST_STRANGERS = 10_000
const STRANGER_MS = 15_000

/** One key of a cluster a shard, spread over its slots by name. */
function keyOf(shard: number): string {
  return `holdfast-tracker:journal:${shard}`
}
