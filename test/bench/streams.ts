/**
 * One process sends ten thousand events to each of a thousand live subscribers, while one more subscriber does not read
 * at all.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { methods } from '@holdfast/lexicons/nsid'
import { WebSocket } from 'ws'
import { waitFor } from '../network/wait-for.ts'
import type { Bench } from './main.ts'

export const run: Bench = async ({ quick, log }) => {
  const databaseUrl = process.env.HOLDFAST_TEST_DATABASE_URL
  if (!databaseUrl)
    throw new Error('This bench writes to PostgreSQL: set HOLDFAST_TEST_DATABASE_URL to a server it may use.')
  const [subscribers, events] = quick ? [50, 500] : [1_000, 10_000]
  await using database = await createScratchDatabase(databaseUrl)
  const server = fork(new URL('streams/server.ts', import.meta.url), [database.url])
  try {
    const [{ url }] = (await once(server, 'message')) as [{ url: string }]
    const streamUrl = `${url.replace('http', 'ws')}/xrpc/${methods.subscribeRecords}`
    const counts = new Uint32Array(subscribers)
    const sockets = await connectAll(streamUrl, counts)
    const stuck = await connect(streamUrl)
    stuck.pause()
    log(`${subscribers} subscribers are connected; writing ${events} datasets`)
    const startedAt = performance.now()
    server.send({ write: events })
    const [{ beforeMB }] = (await once(server, 'message')) as [{ beforeMB: number }]
    log(`written after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`)
    await waitFor(() => counts.every((count) => count === events), {
      what: 'everybody to be told of everything',
      timeoutMs: 600_000,
    })
    const seconds = (performance.now() - startedAt) / 1_000
    server.send({})
    const [{ peakRssMB }] = (await once(server, 'message')) as [{ peakRssMB: number }]
    for (const socket of [...sockets, stuck]) socket.terminate()
    return {
      figures: {
        subscribers,
        eventsEach: events,
        seconds,
        messagesPerSecond: (subscribers * events) / seconds,
        connectedRssMB: beforeMB,
        peakRssMB,
      },
      ratios: {},
    }
  } finally {
    server.disconnect()
  }
}

/** Counts the events of each subscriber; throws as soon as one misses an event, or gets one twice or out of order. */
async function connectAll(url: string, counts: Uint32Array): Promise<WebSocket[]> {
  const sockets: WebSocket[] = []
  for (let i = 0; i < counts.length; i++) {
    const socket = await connect(url)
    socket.on('message', (data: Buffer) => {
      const seq = seqOf(data)
      if (seq === undefined) return
      if (seq !== counts[i]! + 1) throw new Error(`subscriber ${i} was told of ${seq} after ${counts[i]}`)
      counts[i] = seq
    })
    socket.on('close', (code, reason) => {
      if (code !== 1006) throw new Error(`subscriber ${i} was cut off: ${code} ${reason}`)
    })
    sockets.push(socket)
  }
  return sockets
}

async function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  return socket
}

const upsert = Buffer.from('#upsert')
/** The key `seq` in DAG-CBOR; of a message's keys only `cid` comes before it. */
const key = Buffer.from('\x63seq', 'latin1')

/**
 * Reads the sequence number of an event without decoding the rest, because a thousand decoders would take longer than
 * the stream.
 */
function seqOf(frame: Buffer): number | undefined {
  if (frame.indexOf(upsert) > 16 || frame.indexOf(upsert) < 0) return undefined
  const at = frame.indexOf(key) + key.length
  const head = frame[at]!
  if (head < 24) return head
  return head === 24 ? frame[at + 1] : head === 25 ? frame.readUInt16BE(at + 1) : frame.readUInt32BE(at + 1)
}
