/** The least that a server over a database can do: answers every request after a `SELECT` of one row by its key. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import postgres from 'postgres'

const client = postgres(process.argv[2]!, { max: 4, onnotice: () => {} })
const server = createServer(async (_, response) => {
  const found =
    await client`SELECT id, value FROM catalog.record WHERE id = ${1 + Math.floor(Math.random() * 1_000)}`
  response.end(JSON.stringify(found))
})
server.listen(0, '127.0.0.1', () => {
  process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
process.once('disconnect', () => process.exit(0))
