/** list-server.ts ENTRIES serves a generated listInfoHashes with that many entries, and prints its port. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

const entries = Number(process.argv[2])
const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url!, 'http://x')
  const from = Number(searchParams.get('cursor') ?? 0)
  const end = Math.min(entries, from + Number(searchParams.get('limit')))
  const infoHashes = Array.from({ length: end - from }, (_, at) => ({
    infoHashV1: createHash('sha1')
      .update(String(from + at))
      .digest('hex'),
  }))
  const cursor = end < entries ? { cursor: String(end) } : {}
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ infoHashes, ...cursor, seq: 1, epoch: '1' }))
})
new WebSocketServer({ server })
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
