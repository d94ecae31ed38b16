import { hash } from 'node:crypto'
import { type AdmissionPolicy, applyAdmissionPolicy } from '@holdfast/appview/catalog/admission-policy'
import { applyBatch, type Batch, type RecordOp } from '@holdfast/appview/catalog/apply-batch'
import { readDueTorrents, writeMetainfoOutcomes } from '@holdfast/appview/catalog/swarms/metainfo-queue'
import { type AppViewConfig, loadConfig } from '@holdfast/appview/config'
import { type HttpServer, startHttpServer } from '@holdfast/appview/http/http-server'
import type { DidResolver } from '@holdfast/appview/ingest/identity/did-resolver'
import { createGuardedFetch } from '@holdfast/appview/outbound/guarded-fetch'
import { startInterfaces } from '@holdfast/appview/start-interfaces'
import type { Catalog } from '@holdfast/appview/store/open'
import { checkMetainfo } from '@holdfast/appview/swarm/metainfo/metainfo-check'
import { type CollectionName, collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import type { RequestHandler } from 'express'
import { pino } from 'pino'
import { Registry } from 'prom-client'

export const adminToken = 'the-operator-of-this-test'
export const trackers = ['http://tracker.example.org/announce', 'udp://tracker.example.org:6969/announce']

export interface IndexUnderTest extends AsyncDisposable {
  readonly url: string
  readonly catalog: Catalog
  /** Returns, and forgets, the errors that were logged as faults of our own. */
  takeFaults(): unknown[]
  /** Writes records of one account as one commit. */
  write(did: string, ops: readonly TestOp[]): Promise<void>
  /** Empties every table except the settings, which is faster than creating a new store. */
  empty(): Promise<void>
  apply(batch: Batch): Promise<unknown>
  /** Verifies pending torrents with these files, given by the CID of their blob. */
  verify(files: ReadonlyMap<string, Uint8Array>): Promise<void>
}

export type TestOp =
  | {
      put: CollectionName
      rkey: string
      record: Record<string, unknown>
      cid?: string
      warnings?: readonly string[]
    }
  | { reject: CollectionName; rkey: string; reason: string; detail: string }
  | { delete: CollectionName; rkey: string }

/**
 * Starts the HTTP interfaces of an index over a catalog that the test writes itself: real HTTP and a real store, but no
 * network to follow.
 */
export async function startIndex(options: {
  open: () => Promise<Catalog>
  env?: Readonly<Record<string, string>>
  admission?: AdmissionPolicy
  resolver?: DidResolver
  /** Whether answers are checked against their lexicons, which takes time; so unless false. */
  validateResponse?: boolean
  /** Asked before all others. */
  interfaces?: readonly RequestHandler[]
}): Promise<IndexUnderTest> {
  await using parts = new AsyncDisposableStack()
  const config: AppViewConfig = loadConfig({
    HOLDFAST_PORT: '0',
    HOLDFAST_ADMIN_TOKEN: adminToken,
    HOLDFAST_TRACKERS: trackers.join(','),
    ...options.env,
  })
  const faults: unknown[] = []
  const log = pino({ level: 'error' }, { write: (line: string) => void faults.push(JSON.parse(line)) })
  const catalog = parts.use(await options.open())
  await applyAdmissionPolicy(catalog.db, options.admission ?? 'open')
  const resolver = options.resolver ?? noResolver
  let http: HttpServer | undefined
  const interfaces = parts.use(
    await startInterfaces({
      catalog,
      config,
      registry: new Registry(),
      resolver,
      guardedFetch: createGuardedFetch({ allowPrivateHosts: true }),
      version: 'test',
      log,
      validateResponse: options.validateResponse ?? true,
      publicUrl: () => config.publicUrl ?? `http://localhost:${http?.port ?? 0}`,
      ingest: () => undefined,
      ...(options.interfaces && { interfaces: options.interfaces }),
    }),
  )
  http = parts.use(await startHttpServer(config, interfaces.http))
  const running = parts.move()
  let rev = 0
  return {
    url: `http://127.0.0.1:${http.port}`,
    catalog,
    takeFaults: () => faults.splice(0),
    empty: () => empty(catalog),
    apply: (batch) => applyBatch(catalog.db, batch),
    async write(did, ops) {
      const commit = {
        did,
        rev: `3m${String(++rev).padStart(11, '0')}`,
        dataCid: cidOf(String(rev)),
        ops: ops.map((op) => toOp(did, op)),
      }
      await applyBatch(catalog.db, { commits: [commit] })
    },
    verify: (files) => verifyPending(catalog, files),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** The AT-URI of a record. */
export function uriOf(did: string, collection: CollectionName, rkey: string): string {
  return `at://${did}/${collections[collection]}/${rkey}`
}

/** The CID of a text, as a record (`dag-cbor`) or as a blob (`raw`). */
export function cidOf(text: string, codec: 'dag-cbor' | 'raw' = 'dag-cbor'): string {
  const bytes = Buffer.concat([
    Buffer.from([1, codec === 'raw' ? 0x55 : 0x71, 0x12, 0x20]),
    hash('sha256', text, 'buffer'),
  ])
  let bits = BigInt(`0x${bytes.toString('hex')}`) << 2n
  let digits = ''
  for (let i = 0; i < 58; i++, bits >>= 5n)
    digits = 'abcdefghijklmnopqrstuvwxyz234567'[Number(bits & 31n)] + digits
  return `b${digits}`
}

export const createdAt = '2026-01-02T03:04:05.000Z'

/** The AT-URI's path names the record; a record's `$type` follows from its collection. */
function toOp(did: string, op: TestOp): RecordOp {
  if ('delete' in op) return { action: 'delete', uri: uriOf(did, op.delete, op.rkey) }
  if ('reject' in op) {
    const { reject: kind, rkey, reason, detail } = op
    return { action: 'reject', uri: uriOf(did, kind, rkey), kind, cid: cidOf(rkey), reason, detail }
  }
  const { put: kind, rkey, record, warnings = [] } = op
  const value = { $type: collections[kind], createdAt, ...record }
  return {
    action: 'put',
    uri: uriOf(did, kind, rkey),
    kind,
    cid: op.cid ?? cidOf(JSON.stringify([did, rkey, value])),
    value,
    warnings,
  }
}

async function verifyPending({ db }: Catalog, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const due = await readDueTorrents(db, { limit: 1000, except: [] })
  await writeMetainfoOutcomes(
    db,
    due.map(({ id, cid, value }) => {
      const blobCid = (value.metainfo as { ref: { $link: string } }).ref.$link
      const bytes = files.get(blobCid)
      if (!bytes)
        return {
          id,
          cid,
          status: 'retry',
          error: 'the PDS does not answer',
          nextTryAt: new Date(Date.now() + 60_000),
        }
      const verdict = checkMetainfo(bytes, value as never, {
        indexedFiles: 10_000,
        maxFiles: 1e6,
        allowPrivateHosts: false,
      })
      if (!verdict.ok) return { id, cid, status: 'mismatch', reason: verdict.reason, detail: verdict.detail }
      return {
        id,
        cid,
        status: 'verified',
        facts: verdict.facts,
        metainfo: { cid: blobCid, bytes },
        warnings: verdict.warnings,
      }
    }),
  )
}

async function empty({ db }: Catalog): Promise<void> {
  await db.execute(sql`
    DO $$ BEGIN EXECUTE (
      SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables
      WHERE schemaname IN ('catalog', 'local') AND tablename <> 'setting'); END $$`)
  await db.execute(sql`DELETE FROM local.setting WHERE name <> 'admission'`)
}

const noResolver: DidResolver = {
  resolve: async () => ({ status: 'unresolvable', reason: 'this test has no directory' }),
  forget: () => {},
}
