import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cidForRawBytes } from '@atproto/lex-data'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { makeTorrent } from '../../../testing/publishing.ts'
import { applyAdmissionPolicy } from '../../catalog/admission-policy.ts'
import { decideAdmission } from '../../catalog/admissions.ts'
import { applyBatch } from '../../catalog/apply-batch.ts'
import type { MetainfoOutcome } from '../../catalog/swarms/metainfo-queue.ts'
import { createGuardedFetch } from '../../outbound/guarded-fetch.ts'
import type { Catalog } from '../../store/open.ts'
import { rows } from '../../store/sql.ts'
import { startMetainfoWorker } from './metainfo-worker.ts'

const did = 'did:plc:author'
const quota = { perAccount: { files: 100, bytes: 5_000 }, perHost: { files: 1_000, bytes: 50_000 } }
/** A v1 file of one piece, by hand (BEP 3), so that its infohash is known: sha1 of the info dictionary below. */
const torrentBytes = Buffer.from(
  `d4:infod6:lengthi5e4:name7:ice.csv12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}ee`,
)

describe.each(testBackends())('metainfo worker on $name', ({ open }) => {
  let catalog: Catalog
  let pds: Awaited<ReturnType<typeof startBlobServer>>
  const outcomes: [MetainfoOutcome['status'], string | undefined][] = []
  let worker: AsyncDisposable
  let infoHashV1: string
  const pdsUrls = new Map<string, string>()

  beforeAll(async () => {
    catalog = await open()
    pds = await startBlobServer()
    const info = torrentBytes.subarray(torrentBytes.indexOf('d6:length'), torrentBytes.length - 1)
    infoHashV1 = Buffer.from(await crypto.subtle.digest('SHA-1', info)).toString('hex')
    await applyAdmissionPolicy(catalog.db, 'open')
    worker = await startMetainfoWorker({
      catalog,
      fetch: createGuardedFetch({ allowPrivateHosts: true }),
      pdsOf: async (author) => pdsUrls.get(author) ?? pds.url,
      log: pino({ level: 'silent' }),
      limits: { maxBytes: 1_000, timeoutMs: 300, firstRetryMs: 50, quota },
      onOutcome: (status, reason) => outcomes.push([status, reason]),
    })
  })
  afterAll(async () => {
    await worker[Symbol.asyncDispose]()
    await pds[Symbol.asyncDispose]()
    await catalog[Symbol.asyncDispose]()
  })

  let rev = 0
  async function publish(
    rkey: string,
    bytes: Uint8Array,
    claims: object,
    size = bytes.length,
    author = did,
  ): Promise<string> {
    const cid = (await cidForRawBytes(bytes)).toString()
    if (!pds.blobs.has(cid)) pds.blobs.set(cid, bytes)
    const value = {
      name: 'ice.csv',
      createdAt: '2026-01-02T03:04:05Z',
      metainfo: { $type: 'blob', ref: { $link: cid }, mimeType: 'application/x-bittorrent', size },
      ...claims,
    }
    const uri = `at://${author}/torrent/${rkey}`
    const ops = [{ action: 'put' as const, uri, kind: 'torrent', cid: `cid-${rkey}`, value }]
    await applyBatch(catalog.db, {
      commits: [{ did: author, rev: `3n${String(++rev).padStart(5, '0')}`, dataCid: 'd', ops }],
    })
    return uri
  }
  const read = async (uri: string) => {
    const [row] = await rows(
      catalog.db,
      sql`SELECT t.metainfo_status AS status, r.reason, r.visible, r.warnings, t.error
          FROM catalog.torrent t JOIN catalog.record r USING (id) WHERE r.uri = ${uri}`,
    )
    return row
  }
  const settledAs = (uri: string, state: object) =>
    expect.poll(() => read(uri), { timeout: 20_000, interval: 10 }).toMatchObject(state)

  test('verifies a valid .torrent, indexes its files and warns of private addresses', async () => {
    const uri = await publish('good', torrentBytes, {
      infoHashV1,
      webseeds: [{ url: 'http://10.0.0.1/ice.csv' }],
    })
    await settledAs(uri, {
      status: 'verified',
      reason: null,
      visible: true,
      warnings: ['private-webseed-dropped'],
    })
    expect(await rows(catalog.db, sql`SELECT path, size_bytes FROM catalog.file`)).toEqual([
      { path: 'ice.csv', size_bytes: 5 },
    ])
    expect(await rows(catalog.db, sql`SELECT announced FROM catalog.content`)).toEqual([{ announced: true }])
  })

  test('before a record is admitted, only its author’s PDS is asked', async () => {
    const { bytes, infoHashV1 } = makeTorrent('elsewhere', Buffer.alloc(10))
    await using elsewhere = await startBlobServer()
    const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))).toString('hex')
    const metainfoUrls = [{ url: `${elsewhere.url}/elsewhere.torrent`, sha256 }]
    elsewhere.files.set('/elsewhere.torrent', bytes)
    await applyAdmissionPolicy(catalog.db, 'reviewed')
    const author = 'did:plc:unknown'
    const claims = { infoHashV1, name: 'elsewhere', metainfo: undefined, metainfoUrls }
    const uri = await publish('elsewhere', bytes, claims, bytes.length, author)
    await settledAs(uri, { status: 'pending', error: expect.stringContaining('once the record is let in') })
    expect(elsewhere.asked).toEqual([])
    // Allowing an infohash admits the record whose metainfo has it, not one that only claims it.
    await decideAdmission(catalog.db, { kind: 'infohash', value: infoHashV1 }, { action: 'allow' })
    expect(await read(uri)).toMatchObject({ visible: false })
    await decideAdmission(catalog.db, { kind: 'did', value: author }, { action: 'allow' })
    await settledAs(uri, { status: 'verified', visible: true })
    expect(elsewhere.asked).toEqual(['/elsewhere.torrent'])
    await applyAdmissionPolicy(catalog.db, 'open')
  })

  test('refuses files beyond the quota of the account', async () => {
    const author = 'did:plc:large'
    const uris: string[] = []
    for (let i = 0; i < 6; i++) {
      const { bytes, infoHashV1 } = makeTorrent(`large-${i}`, Buffer.alloc(40 * 16_384, i))
      uris.push(await publish(`large-${i}`, bytes, { infoHashV1, name: `large-${i}` }, bytes.length, author))
      await settledAs(uris[i]!, { status: i < 5 ? 'verified' : 'unavailable' })
    }
    await settledAs(uris[5]!, { reason: 'quota-blobs', visible: false })
    expect((await read(uris[5]!))?.error).toContain('5000 bytes of metainfo of one account')
  })

  test.each([
    ['another infohash', torrentBytes, { infoHashV1: 'f'.repeat(40) }, 'mismatch', 'infohash-mismatch'],
    [
      'bytes that are no metainfo',
      Buffer.from('d3:foo'),
      { infoHashV1: 'e'.repeat(40) },
      'mismatch',
      'metainfo-invalid',
    ],
    [
      'more bytes than allowed',
      Buffer.alloc(2_000),
      { infoHashV1: 'd'.repeat(40) },
      'unavailable',
      'metainfo-too-large',
    ],
  ])('%s is rejected with its reason', async (name, bytes, claims, status, reason) => {
    const uri = await publish(name.replaceAll(' ', '-'), bytes, claims, 10)
    await settledAs(uri, { status, reason, visible: false })
  })

  test('verifies a .torrent after its PDS, which hung, answers again', async () => {
    const other = Buffer.concat([Buffer.from('d7:comment2:hi'), torrentBytes.subarray(1)])
    pds.hang = true
    const uri = await publish('slow', other, { infoHashV1 })
    await settledAs(uri, { status: 'pending', visible: true, error: expect.stringContaining('300 ms') })
    pds.hang = false
    await settledAs(uri, { status: 'verified', error: null })
  })

  test('refuses wrong bytes after a few tries', async () => {
    const bytes = Buffer.from('right')
    pds.blobs.set((await cidForRawBytes(bytes)).toString(), Buffer.from('wrong'))
    const uri = await publish('liar', bytes, { infoHashV1 })
    await settledAs(uri, { status: 'mismatch', reason: 'metainfo-cid-mismatch' })
  })

  test('an account whose host hangs delays no other', async () => {
    const stuck = await startBlobServer()
    stuck.hang = true
    pdsUrls.set('did:plc:stuck', stuck.url)
    const put = async (author: string, rkey: string, bytes: Uint8Array) => {
      const cid = (await cidForRawBytes(bytes)).toString()
      pds.blobs.set(cid, bytes)
      const metainfo = { $type: 'blob', ref: { $link: cid }, mimeType: 'application/x-bittorrent', size: 1 }
      const value = { name: 'ice.csv', createdAt: '2026-01-02T03:04:05Z', metainfo, infoHashV1 }
      const uri = `at://${author}/torrent/${rkey}`
      return { action: 'put' as const, uri, kind: 'torrent', cid: `cid-${rkey}`, value }
    }
    const hanging = Array.from({ length: 40 }, (_, i) =>
      put('did:plc:stuck', `${i}`, Buffer.from(`stuck ${i}`)),
    )
    const good = await put(
      'did:plc:quick',
      'quick',
      Buffer.concat([Buffer.from('d7:comment5:other'), torrentBytes.subarray(1)]),
    )
    const before = outcomes.length
    const commit = (author: string, ops: Awaited<ReturnType<typeof put>>[]) =>
      applyBatch(catalog.db, { commits: [{ did: author, rev: '3n1', dataCid: 'd', ops }] })
    await commit('did:plc:stuck', await Promise.all(hanging))
    await commit('did:plc:quick', [good])
    const isVerified = () => outcomes.slice(before).some(([status]) => status === 'verified')
    await expect.poll(isVerified, { timeout: 20_000, interval: 5 }).toBe(true)
    // Four requests wait at a time, and the server may not know yet that four others ended; without the limit it would be 24.
    expect(stuck.mostOpen).toBeLessThan(17)
    await stuck[Symbol.asyncDispose]()
  })
})

async function startBlobServer() {
  const blobs = new Map<string, Uint8Array>()
  const files = new Map<string, Uint8Array>()
  const asked: string[] = []
  const state = { hang: false, open: 0, mostOpen: 0 }
  const server = createServer((request, response) => {
    if (state.hang) {
      state.mostOpen = Math.max(state.mostOpen, ++state.open)
      response.on('close', () => state.open--)
      return
    }
    asked.push(request.url ?? '')
    const cid = new URL(request.url ?? '/', 'http://pds.invalid').searchParams.get('cid') ?? ''
    const bytes = blobs.get(cid) ?? files.get(request.url ?? '')
    response.writeHead(bytes ? 200 : 404).end(bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    blobs,
    files,
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get mostOpen() {
      return state.mostOpen
    },
    set hang(value: boolean) {
      state.hang = value
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
