import { parentPort } from 'node:worker_threads'
import postgres from 'postgres'
import { type Chunk, loadChunk } from './load-postgres.ts'

const clients = new Map<string, postgres.Sql>()

parentPort!.on('message', async (chunk: Chunk) => {
  const client = clients.get(chunk.url) ?? postgres(chunk.url, { max: 1, onnotice: () => {} })
  clients.set(chunk.url, client)
  await loadChunk(client, chunk)
  parentPort!.postMessage('done')
})
