import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from '@atproto/xrpc-server'
import { listInfoHashes, subscribeInfoHashes } from '@holdfast/lexicons'
import type { AllowListEntry } from './entries.ts'

/**
 * An XRPC server with only an allow-list, for tests: it lists, streams, begins new epochs, and stops and restarts on
 * its port.
 */
export class ListServer implements AsyncDisposable {
  /** The number of entries in a page. */
  pageSize = 2
  /** How many times the list was read from its first page. */
  listed = 0
  /** The indexes of first entries of pages; each of these pages is refused once. */
  readonly failing = new Set<number>()
  /** The indexes of the first entries of the pages that were requested. */
  readonly asked: number[] = []
  readonly #entries: AllowListEntry[] = []
  #log: { kind: 'add' | 'remove'; seq: number; entry: AllowListEntry }[] = []
  #seq = 0
  #epoch = 1
  #changed = Promise.withResolvers<void>()
  #http: HttpServer | undefined
  #port = 0

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    const server = createServer()
    server.add(listInfoHashes.main, ({ params }) => {
      const from = Number(params.cursor ?? 0)
      if (from === 0) this.listed++
      this.asked.push(from)
      if (this.failing.delete(from)) throw new Error('this page is refused once')
      const infoHashes = this.#entries.slice(from, from + this.pageSize)
      const next = from + this.pageSize
      const cursor = next < this.#entries.length ? { cursor: String(next) } : {}
      const body = { infoHashes, ...cursor, seq: this.#seq, epoch: String(this.#epoch) }
      return { encoding: 'application/json' as const, body }
    })
    const follow = this.#follow.bind(this)
    server.add(subscribeInfoHashes.main, ({ params, signal }) => follow(params.cursor ?? this.#seq, signal))
    this.#http = server.listen(this.#port)
    this.#http.on('upgrade', (request, socket, head) => {
      const { wss } = server.subscriptions.get(subscribeInfoHashes.main.nsid)!
      wss.handleUpgrade(request, socket, head, (ws) => wss.emit('connection', ws, request))
    })
    await once(this.#http, 'listening')
    this.#port = (this.#http.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    const http = this.#http
    if (http === undefined) return
    this.#http = undefined
    const closed = once(http, 'close')
    http.close()
    http.closeAllConnections()
    this.#wake()
    await closed
  }

  add(entry: AllowListEntry): void {
    this.#entries.push(entry)
    this.#note('add', entry)
  }

  remove(entry: AllowListEntry): void {
    const at = this.#entries.findIndex((each) => JSON.stringify(each) === JSON.stringify(entry))
    this.#entries.splice(at, 1)
    this.#note('remove', entry)
  }

  /** Changes the list without telling the stream, and begins a new epoch. */
  restore(entries: readonly AllowListEntry[]): void {
    this.#entries.splice(0, this.#entries.length, ...entries)
    this.#log = []
    this.#seq = 0
    this.#epoch++
    this.#wake()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async *#follow(cursor: number, signal: AbortSignal) {
    const epoch = this.#epoch
    const type = subscribeInfoHashes.main.nsid
    yield { $type: `${type}#info` as const, name: 'Hello', seq: this.#seq, epoch: String(epoch) }
    for (let seq = cursor; !signal.aborted && this.#http !== undefined; ) {
      if (this.#epoch !== epoch) {
        yield { $type: `${type}#info` as const, name: 'EpochChanged', seq: 0, epoch: String(this.#epoch) }
        return
      }
      const next = this.#log.find((each) => each.seq > seq)
      if (next === undefined) {
        await Promise.race([this.#changed.promise, once(signal, 'abort')])
        continue
      }
      seq = next.seq
      yield { $type: `${type}#${next.kind}` as const, seq, epoch: String(epoch), ...next.entry }
    }
  }

  #note(kind: 'add' | 'remove', entry: AllowListEntry): void {
    this.#log.push({ kind, seq: ++this.#seq, entry })
    this.#wake()
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
