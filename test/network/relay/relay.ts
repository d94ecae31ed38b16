import { createServer } from 'node:http'
import { closerOf, listening } from '../closing.ts'
import { Faults } from './faults.ts'
import { encodeFrame, type Frame, infoFrame } from './frames.ts'
import { RepoDirectory } from './repo-directory.ts'
import { type CursorManners, Stream } from './stream.ts'
import { serveSubscribers } from './subscribers.ts'
import { Upstream } from './upstream.ts'
import { answerXrpc } from './xrpc.ts'

export interface RelayOptions {
  /** Hosts to follow, as `http://` URLs. */
  upstreams?: readonly string[]
  /** Where to look up an account's host if two hosts send its events; without it, the first one seen is trusted. */
  plcUrl?: string
  firstSeq?: number
  cursors?: CursorManners
  getRepo?: 'redirect' | 'proxy'
  /** Whether it answers `listReposByCollection`, as few relays do; true by default. */
  listsByCollection?: boolean
}

export type Relay = AsyncDisposable & {
  /** An `http://` URL for queries; the same address with `ws://` is for `subscribeRepos`. */
  readonly url: string
  readonly faults: Faults
  readonly stream: Stream
  readonly directory: RepoDirectory
  readonly upstreams: readonly Upstream[]
  getRepo: 'redirect' | 'proxy'
  addUpstream(url: string): void
  /** Emits a forged frame under the next sequence number, through the faults, as if `host` had sent it. */
  publish(frame: Frame, host?: string): void
  /** Sends `#info` to every subscriber, such as `OutdatedCursor`. */
  sendInfo(name: string, message?: string): void
  /** Sends an error frame to every subscriber and closes, such as `FutureCursor`. */
  sendError(name: string, message?: string): void
  /** Sends bytes that may not be a valid frame. */
  sendRaw(bytes: Uint8Array): void
}

/** Starts a relay that re-emits the streams of its upstreams under a sequence of its own, and can misbehave on request. */
export async function startRelay(options: RelayOptions = {}): Promise<Relay> {
  const stream = new Stream(options)
  const faults = new Faults(stream)
  const directory = new RepoDirectory(options.plcUrl)
  const upstreams: Upstream[] = []

  const take = (frame: Frame, host: string) => {
    directory.observe(frame, host)
    faults.accept(frame)
  }
  const addUpstream = (address: string) => {
    const host = new URL(address).origin
    if (upstreams.some((upstream) => upstream.url === host)) return
    const upstream = new Upstream(host, async (frame) => {
      if (await directory.admits(frame, host)) take(frame, host)
    })
    upstreams.push(upstream)
  }

  const xrpc = {
    directory,
    hosts: () => upstreams.map(({ url, lastSeq }) => ({ hostname: new URL(url).host, seq: lastSeq })),
    requestCrawl: addUpstream,
    getRepo: () => relay.getRepo,
    listsByCollection: options.listsByCollection ?? true,
  }
  const server = createServer((request, response) => void answerXrpc(xrpc, request, response))
  const close = closerOf(server)
  serveSubscribers(server, stream)
  const url = `http://127.0.0.1:${await listening(server.listen(0, '127.0.0.1'))}`
  for (const upstream of options.upstreams ?? []) addUpstream(upstream)

  const relay: Relay = {
    url,
    faults,
    stream,
    directory,
    upstreams,
    getRepo: options.getRepo ?? 'redirect',
    addUpstream,
    publish: (frame, host = url) => take(frame, host),
    sendInfo: (name, message) => stream.sendRaw(encodeFrame(infoFrame(name, message))),
    sendError: (name, message) => stream.sendError(name, message),
    sendRaw: (bytes) => stream.sendRaw(bytes),
    async [Symbol.asyncDispose]() {
      await Promise.all(upstreams.map((upstream) => upstream[Symbol.asyncDispose]()))
      faults[Symbol.dispose]()
      stream.disconnect()
      await close()
    },
  }
  return relay
}
