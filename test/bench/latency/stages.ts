import { once } from 'node:events'
import { methods } from '@holdfast/lexicons/nsid'
import { WebSocket } from 'ws'
import { waitFor } from '../../network/wait-for.ts'

/** When something happened to a record, by `performance.now()`. */
export interface Stages extends AsyncDisposable {
  /** Resolves to when the relay sent the commit with this record, and when the AppView's live stream told of the record. */
  of(uri: string): Promise<{ relayedAt: number; toldAt: number }>
  /** The mean time that the AppView took to store a batch since the last call, in milliseconds. */
  storeMs(): Promise<number>
}

/** Watches from outside what an AppView and its relay do with records. */
export async function watchStages(urls: { relay: string; appView: string }): Promise<Stages> {
  const relay = await watch(new URL('/xrpc/com.atproto.sync.subscribeRepos', urls.relay))
  const records = await watch(new URL(`/xrpc/${methods.subscribeRecords}`, urls.appView))
  let last = await readBatches(urls.appView)
  return {
    async of(uri) {
      // Both streams contain the path of the record as plain text, so a message need not be decoded.
      const path = uri.split('/').slice(3).join('/')
      const at = (stream: Watched) =>
        waitFor(() => stream.find(path), { what: `${uri} in a stream`, intervalMs: 1 })
      return { relayedAt: await at(relay), toldAt: await at(records) }
    },
    async storeMs() {
      const now = await readBatches(urls.appView)
      const [batches, seconds] = [now.count - last.count, now.sum - last.sum]
      last = now
      return (1_000 * seconds) / Math.max(batches, 1)
    },
    async [Symbol.asyncDispose]() {
      relay.close()
      records.close()
    },
  }
}

interface Watched {
  /** When a message with this text arrived. */
  find(text: string): number | undefined
  close(): void
}

async function watch(url: URL): Promise<Watched> {
  const socket = new WebSocket(url.href.replace(/^http/, 'ws'))
  const messages: { bytes: Buffer; at: number }[] = []
  socket.on('message', (bytes: Buffer) => messages.push({ bytes, at: performance.now() }))
  await once(socket, 'open')
  return {
    find: (text) => messages.findLast(({ bytes }) => bytes.includes(text))?.at,
    close: () => socket.terminate(),
  }
}

async function readBatches(url: string): Promise<{ sum: number; count: number }> {
  const text = await (await fetch(new URL('/metrics', url))).text()
  const value = (name: string) =>
    Number(new RegExp(`^holdfast_ingest_batch_seconds_${name} (.*)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  return { sum: value('sum'), count: value('count') }
}
