/**
 * A feed that somebody else computes from our live stream: endangered climate data with fewer than three seeders.
 * It needs an AppView's address and nothing else: node feed-service.ts http://localhost:3000 [PORT].
 *
 * What describes a dataset comes by the stream; how many seed it changes by the minute and is asked for when somebody
 * reads the feed.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeAll } from '@atproto/lex-cbor'
import type { getDatasets, searchDatasets, subscribeRecords } from '@holdfast/lexicons'
import { methods } from '@holdfast/lexicons/nsid'

interface Described {
  keywords?: { name: string }[]
  risk?: { level?: string }
}
interface Message {
  header: { op: number; t?: string }
  body: subscribeRecords.Upsert & { name?: string; error?: string }
}

const [appView = 'http://localhost:3000', port = '0'] = process.argv.slice(2)
const endangered = new Set<string>()
/** The position up to which the stream was read; undefined until the datasets were listed. */
let position: { seq: number; epoch: string } | undefined

createServer((_req, res) => {
  readFeed().then(
    (datasets) => res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ datasets })),
    (error) => res.writeHead(502).end(`${error}\n`),
  )
}).listen(Number(port), function (this: { address(): AddressInfo | string | null }) {
  console.log(`http://localhost:${(this.address() as AddressInfo).port}`)
})
follow()

/** Reads the stream from the last position, and connects again whenever the connection ends. */
function follow(): void {
  const url = new URL(`/xrpc/${methods.subscribeRecords}`, appView.replace(/^http/, 'ws'))
  if (position) {
    url.searchParams.set('cursor', String(position.seq))
    url.searchParams.set('epoch', position.epoch)
  }
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  // Messages are handled one after the other, so that changes which arrive during a listing are applied after it.
  let handled: Promise<unknown> = Promise.resolve()
  socket.addEventListener('message', ({ data }) => {
    const [header, body] = [...decodeAll(new Uint8Array(data as ArrayBuffer))] as unknown as [
      Message['header'],
      Message['body'],
    ]
    handled = handled
      .then(() => handle({ header, body }))
      .catch((error) => {
        console.error(error)
        position = undefined
        socket.close()
      })
  })
  socket.addEventListener('close', () => handled.then(() => setTimeout(follow, 1_000)))
  socket.addEventListener('error', () => {})
}

async function handle({ header, body }: Message): Promise<void> {
  // The cursor is not valid any more, so the datasets are listed again after the next connection.
  if (header.op === -1) throw new Error(`the stream ended: ${body.error}`)
  if (header.t === '#info') {
    if (!position || body.name !== 'Hello') await list()
  } else if ((header.t === '#upsert' || header.t === '#unhide') && isWanted(body)) endangered.add(body.uri)
  else endangered.delete(body.uri)
  position = { seq: body.seq, epoch: body.epoch }
}

function isWanted({ record, mapped }: { record: unknown; mapped?: unknown }): boolean {
  const { keywords = [], risk } = (mapped ?? record) as Described
  return risk?.level === 'endangered' && keywords.some(({ name }) => name.toLowerCase() === 'climate')
}

/** Lists all datasets, after the first connection and whenever the stream cannot say what was missed. */
async function list(): Promise<void> {
  endangered.clear()
  for (let cursor: string | undefined; ; ) {
    const page = await ask<searchDatasets.$OutputBody>('searchDatasets', {
      keyword: 'climate',
      risk: 'endangered',
      limit: '100',
      ...(cursor && { cursor }),
    })
    for (const dataset of page.datasets) if (isWanted(dataset)) endangered.add(dataset.uri)
    cursor = page.cursor
    if (!cursor) return
  }
}

async function readFeed(): Promise<object[]> {
  const uris = [...endangered]
  const found: getDatasets.$OutputBody['datasets'] = []
  for (let i = 0; i < uris.length; i += 25) {
    const page = await ask<getDatasets.$OutputBody>('getDatasets', { uris: uris.slice(i, i + 25) })
    found.push(...page.datasets)
  }
  return found
    .filter(({ swarm }) => (swarm?.seeders ?? 0) < 3)
    .map(({ uri, swarm }) => ({ uri, seeders: swarm?.seeders ?? 0 }))
}

async function ask<T>(
  method: keyof typeof methods,
  params: Record<string, string | readonly string[]>,
): Promise<T> {
  const url = new URL(`/xrpc/${methods[method]}`, appView)
  for (const [name, values] of Object.entries(params))
    for (const value of [values].flat()) url.searchParams.append(name, value)
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${method} answered ${answer.status}`)
  return (await answer.json()) as T
}
