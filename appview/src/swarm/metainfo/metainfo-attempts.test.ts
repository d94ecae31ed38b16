import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cidForRawBytes } from '@atproto/lex-data'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { makeTorrent } from '../../../testing/publishing.ts'
import { applyAdmissionPolicy } from '../../catalog/admission-policy.ts'
import { applyBatch } from '../../catalog/apply-batch.ts'
import { claimTorrents, readDueTorrents, releaseTorrents } from '../../catalog/swarms/metainfo-queue.ts'
import { createGuardedFetch } from '../../outbound/guarded-fetch.ts'
import type { Catalog } from '../../store/open.ts'
import { rows } from '../../store/sql.ts'
import type { MetainfoLimits } from './metainfo-limits.ts'
import { startMetainfoWorker } from './metainfo-worker.ts'

describe.each(testBackends())('attempts at metainfo on $name', ({ open }) => {
  let catalog: Catalog
  const blobs = new Map<string, Uint8Array>()
  const pds = createServer((request, response) => {
    const bytes = blobs.get(new URL(request.url ?? '/', 'http://pds.invalid').searchParams.get('cid') ?? '')
    response.writeHead(bytes ? 200 : 404).end(bytes)
  })
  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    await new Promise<void>((resolve) => pds.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    pds.close()
    await catalog[Symbol.asyncDispose]()
  })

  let count = 0
  async function publish(...names: string[]): Promise<string[]> {
    const ops = names.map(async (name) => {
      const { bytes, infoHashV1 } = makeTorrent(name, Buffer.alloc(10, name))
      const cid = (await cidForRawBytes(bytes)).toString()
      blobs.set(cid, bytes)
      const metainfo = { $type: 'blob', ref: { $link: cid }, mimeType: 'application/x-bittorrent', size: 1 }
      const value = { name, createdAt: '2026-01-02T03:04:05Z', metainfo, infoHashV1 }
      const uri = `at://did:plc:author/torrent/${name}`
      return { action: 'put' as const, uri, kind: 'torrent', cid: `cid-${name}`, value }
    })
    const commit = { did: 'did:plc:author', rev: `3n${String(++count).padStart(5, '0')}`, dataCid: 'd' }
    await applyBatch(catalog.db, { commits: [{ ...commit, ops: await Promise.all(ops) }] })
    return names.map((name) => `at://did:plc:author/torrent/${name}`)
  }
  const start = (limits: Partial<MetainfoLimits> = {}) =>
    startMetainfoWorker({
      catalog,
      fetch: createGuardedFetch({ allowPrivateHosts: true }),
      pdsOf: async () => `http://127.0.0.1:${(pds.address() as AddressInfo).port}`,
      log: pino({ level: 'silent' }),
      limits: { firstRetryMs: 20, ...limits },
    })
  const read = async (uri: string) => {
    const [row] = await rows(
      catalog.db,
      sql`SELECT t.metainfo_status AS status, r.reason, t.tries, t.unfinished, t.error, r.reason_detail AS detail
          FROM catalog.torrent t JOIN catalog.record r USING (id) WHERE r.uri = ${uri}`,
    )
    return row
  }
  const settledAs = (uri: string, state: object) =>
    expect.poll(() => read(uri), { timeout: 60_000, interval: 20 }).toMatchObject(state)
  const dueIds = async () =>
    (await readDueTorrents(catalog.db, { limit: 100, except: [] })).map(({ id }) => id)

  test('refuses a .torrent whose check never ends after three tries', async () => {
    const [uri] = await publish('endless')
    await using _worker = await start({ checker: { deadline: { baseMs: 1, perMbMs: 0 } } })
    await settledAs(uri!, { status: 'unavailable', reason: 'metainfo-unprocessable', tries: 2 })
    expect(await read(uri!)).toMatchObject({ detail: expect.stringContaining('longer than 1 ms') })
  })

  test('refuses only the .torrent that the store refuses, without the store’s message', async () => {
    await catalog.db.execute(sql`ALTER TABLE catalog.content ADD CONSTRAINT no_bad CHECK (name <> 'bad')`)
    const uris = await publish('one', 'bad', 'two', 'three')
    await using _worker = await start()
    for (const uri of uris)
      if (!uri.endsWith('bad')) await settledAs(uri, { status: 'verified', reason: null })
    await settledAs(uris[1]!, {
      reason: 'metainfo-unprocessable',
      detail: 'the .torrent could not be stored',
    })
  })

  test('refuses a .torrent that was being checked in three processes that died', async () => {
    const [uri] = await publish('deadly')
    for (let starts = 0; starts < 3; starts++) {
      const [id] = await dueIds()
      await claimTorrents(catalog.db, [id!], 60_000)
      expect(await dueIds()).toEqual([])
      await catalog.db.execute(sql`UPDATE catalog.torrent SET next_try_at = now() WHERE id = ${id}`)
    }
    await using _worker = await start()
    await settledAs(uri!, { status: 'unavailable', reason: 'metainfo-unprocessable' })
  })

  test('verifies a .torrent whose first check a dying process did not finish', async () => {
    const [uri] = await publish('unlucky')
    const [id] = await dueIds()
    await claimTorrents(catalog.db, [id!], 0)
    await using _worker = await start()
    await settledAs(uri!, { status: 'verified', unfinished: 0 })
  })

  test('an attempt that is given back does not count', async () => {
    const [uri] = await publish('stopped')
    const [id] = await dueIds()
    await claimTorrents(catalog.db, [id!], 60_000)
    await releaseTorrents(catalog.db, [id!])
    expect(await read(uri!)).toMatchObject({ unfinished: 0, status: 'pending' })
    expect(await dueIds()).toEqual([id])
  })
})
