/**
 * The least that an index can be: the reader of `@atproto/sync`, which verifies commits, and one bare `INSERT` for each record
 * into a PGlite of its own. `GET /?uri=…` answers 200 when a `SELECT` by key finds the record, else 404.
 *
 * Arguments: the URLs of the relay and of the PLC directory. Prints its own URL.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { IdResolver, MemoryCache } from '@atproto/identity'
import { Firehose } from '@atproto/sync'
import { openCatalog } from '@holdfast/appview/store/open'
import { rows } from '@holdfast/appview/store/sql'
import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'

const [relayUrl, plcUrl] = process.argv.slice(2) as [string, string]
const { db } = await openCatalog()
await db.execute(sql`CREATE TABLE reference (uri text PRIMARY KEY, cid text, value jsonb)`)

const firehose = new Firehose({
  service: relayUrl.replace(/^http/, 'ws'),
  idResolver: new IdResolver({ plcUrl, didCache: new MemoryCache(), fetch: globalThis.fetch }),
  filterCollections: [collections.dataset],
  unauthenticatedHandles: true,
  async handleEvent(event) {
    if (event.event !== 'create' && event.event !== 'update') return
    await db.execute(sql`
      INSERT INTO reference VALUES (${`${event.uri}`}, ${`${event.cid}`}, ${JSON.stringify(event.record)}::jsonb)
      ON CONFLICT (uri) DO NOTHING`)
  },
  onError: (error) => console.error(error),
})
void firehose.start()

const server = createServer(async (request, response) => {
  const uri = new URL(request.url ?? '/', 'http://localhost').searchParams.get('uri') ?? ''
  const found = await rows(db, sql`SELECT uri, value FROM reference WHERE uri = ${uri}`)
  response.writeHead(found.length > 0 ? 200 : 404).end(JSON.stringify(found))
})
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
