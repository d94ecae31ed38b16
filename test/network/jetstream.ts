import type { AddressInfo } from 'node:net'
import { decodeFrame } from '@holdfast/appview/ingest/frame/frame'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { Network } from './network.ts'
import { waitFor } from './wait-for.ts'

/** A stand-in for a Jetstream, which is a program of Bluesky's in Go: its messages and its cursor, over one PDS. */
export type TestJetstream = AsyncDisposable & {
  readonly url: string
  /** The times (in µs) from which clients asked for events. */
  readonly cursors: readonly number[]
  /** Sends a message to all clients, and keeps it for those that connect later. */
  say(message: object): void
  /** Waits until a message names this record key, then forgets all messages, as a Jetstream does after a day. */
  forget(rkey: string): Promise<void>
}

/** Starts a Jetstream over the network's first PDS, with all its events. */
export async function startJetstream(network: Pick<Network, 'pdsUrls'>): Promise<TestJetstream> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  let said: { timeUs: number; text: string }[] = []
  const cursors: number[] = []
  const say = (message: object) => {
    const timeUs = Date.now() * 1_000
    const text = JSON.stringify({ time_us: timeUs, ...message })
    said.push({ timeUs, text })
    for (const client of server.clients) client.send(text)
  }
  server.on('connection', (socket, request) => {
    const { searchParams } = new URL(request.url ?? '/', 'ws://jetstream.invalid')
    const cursor = Number(searchParams.get('cursor') ?? Date.now() * 1_000)
    cursors.push(cursor)
    for (const { timeUs, text } of said) if (timeUs >= cursor) socket.send(text)
  })
  const upstream = new WebSocket(
    `${network.pdsUrls[0]!.replace(/^http/, 'ws')}/xrpc/com.atproto.sync.subscribeRepos?cursor=0`,
  )
  upstream.on('message', (data) => {
    for (const message of messagesOf(data)) say(message)
  })
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cursors,
    say,
    async forget(rkey) {
      const hasIt = () => said.some(({ text }) => text.includes(`"rkey":"${rkey}"`))
      await waitFor(hasIt, { what: `the Jetstream to tell of ${rkey}` })
      said = []
    },
    async [Symbol.asyncDispose]() {
      upstream.terminate()
      for (const client of server.clients) client.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The messages of a Jetstream for one event of a firehose. */
function messagesOf(data: RawData): object[] {
  const frame = decodeFrame(Uint8Array.from(data as Buffer), { wantsPath: () => true, tracks: () => true })
  if (frame.kind === 'account')
    return [{ did: frame.did, kind: 'account', account: { active: frame.active, status: frame.status } }]
  if (frame.kind !== 'commit') return []
  return frame.ops.map(({ path, action }) => {
    const [collection, rkey] = path.split('/')
    return { did: frame.did, kind: 'commit', commit: { collection, rkey, operation: action } }
  })
}
