/** For tests: contents in the catalog as if ingest and the metainfo worker had just written them. */
import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { applyBatch } from '../src/catalog/apply-batch.ts'
import { writeMetainfoOutcomes } from '../src/catalog/swarms/metainfo-queue.ts'
import type { Catalog } from '../src/store/open.ts'
import { rows } from '../src/store/sql.ts'

export const did = 'did:plc:author'
const createdAt = '2026-01-02T03:04:05Z'
let revisions = 0

/** Writes one record of the author's and returns its AT-URI. */
export async function putRecord(
  catalog: Catalog,
  kind: string,
  rkey: string,
  { did: by = did, ...value }: { did?: string } & Record<string, unknown>,
): Promise<string> {
  const uri = `at://${by}/${kind}/${rkey}`
  const rev = `3n${String(++revisions).padStart(11, '0')}`
  const op = { action: 'put' as const, uri, kind, cid: `cid-${rev}`, value: { createdAt, ...value } }
  await applyBatch(catalog.db, { commits: [{ did: by, rev, dataCid: 'd', ops: [op] }] })
  return uri
}

/** Writes a torrent record whose metainfo is verified, and returns its AT-URI. */
export async function putTorrent(
  catalog: Catalog,
  rkey: string,
  torrent: {
    infoHashV1?: string
    infoHashV2?: string
    bytes?: Uint8Array
    private?: boolean
    record?: object
    /** The account that owns it, if not the author. */
    did?: string
  },
): Promise<string> {
  const { infoHashV1, infoHashV2 } = torrent
  const blob = {
    $type: 'blob',
    ref: { $link: `blob-${rkey}` },
    mimeType: 'application/x-bittorrent',
    size: 1,
  }
  const hashes = { ...(infoHashV1 && { infoHashV1 }), ...(infoHashV2 && { infoHashV2 }) }
  const uri = await putRecord(catalog, 'torrent', rkey, {
    name: 'ice',
    metainfo: blob,
    ...hashes,
    ...(torrent.did !== undefined && { did: torrent.did }),
    ...torrent.record,
  })
  const [row] = await rows<{ id: number; cid: string }>(
    catalog.db,
    sql`SELECT id, cid FROM catalog.record WHERE uri = ${uri}`,
  )
  const facts = {
    infoHashV1: infoHashV1 ?? null,
    infoHashV2: infoHashV2 ?? null,
    name: 'ice',
    sizeBytes: 5,
    pieceLengthBytes: 16_384,
    fileCount: 1,
    private: torrent.private ?? false,
    files: [],
  }
  const metainfo = { cid: `blob-${rkey}`, bytes: torrent.bytes ?? Buffer.from(rkey) }
  await writeMetainfoOutcomes(catalog.db, [{ ...row!, status: 'verified', facts, metainfo, warnings: [] }])
  return uri
}

/** Makes a single-file v1 `.torrent` (BEP 3) of these bytes, without the code under test. */
export function makeTorrent(name: string, data: Uint8Array): { infoHashV1: string; bytes: Buffer } {
  const pieceLength = 16_384
  const pieces: Buffer[] = []
  for (let at = 0; at < data.length; at += pieceLength)
    pieces.push(
      createHash('sha1')
        .update(data.subarray(at, at + pieceLength))
        .digest(),
    )
  const info = Buffer.concat([
    Buffer.from(`d6:lengthi${data.length}e4:name${name.length}:${name}12:piece lengthi${pieceLength}e`),
    Buffer.from(`6:pieces${pieces.length * 20}:`),
    ...pieces,
    Buffer.from('e'),
  ])
  const bytes = Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')])
  return { infoHashV1: createHash('sha1').update(info).digest('hex'), bytes }
}
