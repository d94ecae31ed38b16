import { Frame } from '@atproto/xrpc-server'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { methods } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { waitFor } from '../network/wait-for.ts'
import { type IndexUnderTest, startIndex } from './index-under-test.ts'

const did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const [subscribers, batches, batchSize] = [200, 10, 50]
let index: IndexUnderTest
beforeAll(async () => {
  index = await startIndex({ open: openEmbedded })
})
afterAll(() => index[Symbol.asyncDispose]())

const streamUrl = () => `${index.url.replace('http', 'ws')}/xrpc/${methods.subscribeRecords}?cursor=0`
const write = (batch: number) =>
  index.write(
    did,
    Array.from({ length: batchSize }, (_, i) => ({
      put: 'dataset',
      rkey: `d${batch}-${i}`,
      record: { title: `Dataset ${batch}-${i}`, description: 'x'.repeat(500) },
    })),
  )

test('sends two hundred subscribers every event in order, even if one reads slowly', async () => {
  const received: number[][] = Array.from({ length: subscribers }, () => [])
  const sockets = await Promise.all(
    received.map(async (seqs) => {
      const ws = new WebSocket(streamUrl())
      ws.on('message', (data: Buffer) => {
        const frame = Frame.fromBytes(new Uint8Array(data))
        if (frame.isMessage() && frame.type === '#upsert')
          seqs.push((frame.body as unknown as { seq: number }).seq)
      })
      await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject))
      return ws
    }),
  )
  const stuck = new WebSocket(streamUrl())
  await new Promise((resolve) => stuck.once('open', resolve))
  stuck.pause()
  const startedAt = performance.now()
  for (let batch = 0; batch < batches; batch++) await write(batch)
  const total = batches * batchSize
  await waitFor(() => received.every((seqs) => seqs.length >= total), {
    what: 'everybody to be told',
    timeoutMs: 120_000,
  })
  const seconds = (performance.now() - startedAt) / 1000
  process.stderr.write(`${subscribers} subscribers × ${total} events in ${seconds.toFixed(1)} s\n`)
  const expected = Array.from({ length: total }, (_, i) => i + 1)
  for (const seqs of received) expect(seqs).toEqual(expected)
  for (const ws of [...sockets, stuck]) ws.terminate()
  expect(index.takeFaults()).toEqual([])
})
