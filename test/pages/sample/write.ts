/** Writes records into a catalog as if ingest and the workers had just written them. */
import { createHash } from 'node:crypto'
import { applyBatch } from '@holdfast/appview/catalog/apply-batch'
import { writeSwarmCounts } from '@holdfast/appview/catalog/swarms/counts'
import { readDueTorrents, writeMetainfoOutcomes } from '@holdfast/appview/catalog/swarms/metainfo-queue'
import type { Catalog } from '@holdfast/appview/store/open'
import { recordset } from '@holdfast/appview/store/sql'
import { collections } from '@holdfast/lexicons/nsid'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { sql } from 'drizzle-orm'

export interface SampleAccount {
  did: string
  handle: string
  pdsHost: string
}

let revisions = 0

/** Adds accounts to the catalog. */
export async function putAccounts(catalog: Catalog, accounts: readonly SampleAccount[]): Promise<void> {
  await applyBatch(catalog.db, { accounts: accounts.map((account) => ({ ...account, active: true })) })
}

/** Writes one record and returns its AT-URI. */
export async function putRecord(
  catalog: Catalog,
  put: { did: string; collection: keyof typeof collections; rkey: string; value: object },
): Promise<string> {
  const $type = collections[put.collection]
  const uri = `at://${put.did}/${$type}/${put.rkey}`
  const rev = `3n${String(++revisions).padStart(11, '0')}`
  const value = { $type, createdAt: '2026-10-02T03:04:05Z', ...put.value }
  const op = { action: 'put' as const, uri, kind: put.collection, cid: cidOf(rev), value }
  await applyBatch(catalog.db, { commits: [{ did: put.did, rev, dataCid: cidOf('data'), ops: [op] }] })
  return uri
}

/** Writes a torrent record whose metainfo counts as fetched and verified at once. */
export async function putTorrent(
  catalog: Catalog,
  put: { did: string; metainfo: Uint8Array; record?: object; mostFiles?: number },
): Promise<{ uri: string; infoHash: string }> {
  const parsed = parseMetainfo(put.metainfo)
  const { infoHashV1, infoHashV2 } = parsed
  const rkey = infoHashV2 ?? infoHashV1!
  const hashes = { ...(infoHashV1 && { infoHashV1 }), ...(infoHashV2 && { infoHashV2 }) }
  const { name, sizeBytes, pieceLengthBytes, fileCount } = parsed
  const blob = {
    $type: 'blob',
    ref: { $link: cidOf(rkey) },
    mimeType: 'application/x-bittorrent',
    size: put.metainfo.length,
  }
  const value = { name, sizeBytes, pieceLengthBytes, fileCount, ...hashes, metainfo: blob, ...put.record }
  const uri = await putRecord(catalog, { did: put.did, collection: 'torrent', rkey, value })
  const due = await readDueTorrents(catalog.db, { limit: 100, except: [] })
  const pending = due.find((torrent) => torrent.uri === uri)
  if (!pending) throw new Error(`${uri} is not pending`)
  const files = parsed.files
    .slice(0, put.mostFiles ?? 10_000)
    .map((file) => ({ path: file.path.join('/'), sizeBytes: file.sizeBytes, piecesRoot: file.piecesRoot }))
  await writeMetainfoOutcomes(catalog.db, [
    {
      id: pending.id,
      cid: pending.cid,
      status: 'verified',
      facts: {
        infoHashV1,
        infoHashV2,
        name,
        sizeBytes,
        pieceLengthBytes,
        fileCount,
        private: parsed.private,
        files,
      },
      metainfo: { cid: cidOf(rkey), bytes: put.metainfo },
      warnings: [],
    },
  ])
  return { uri, infoHash: infoHashV2 ?? infoHashV1! }
}

/** What a tracker says about some content, and said before: hours ago, seeders, leechers. */
export async function putSwarm(
  catalog: Catalog,
  swarm: {
    infoHash: string
    history: readonly (readonly [hoursAgo: number, seeders: number, leechers: number])[]
  },
): Promise<void> {
  const now = Date.now()
  const points = swarm.history.map(([hoursAgo, seeders, leechers]) => ({
    infoHash: swarm.infoHash,
    at: new Date(now - hoursAgo * 3_600_000).toISOString(),
    seeders,
    leechers,
  }))
  await catalog.db.execute(sql`
    INSERT INTO local.swarm_history (info_hash, at, seeders, leechers)
    SELECT "infoHash", at, seeders, leechers FROM ${recordset(points, '"infoHash" text, at timestamptz, seeders int, leechers int')}
    ON CONFLICT DO NOTHING`)
  const [, seeders, leechers] = swarm.history.at(-1)!
  await writeSwarmCounts(catalog.db, {
    tracker: 'https://tracker.holdfast.example/announce',
    at: new Date(now),
    counts: [{ infoHash: swarm.infoHash, seeders, leechers, completed: 37 }],
  })
}

/** The result of probing an address: of a webseed by its content's infohash, of a source by its dataset's URI. */
export async function putProbe(
  catalog: Catalog,
  probe: { subject: string; url: string; status: string; detail?: object },
): Promise<void> {
  await catalog.db.execute(sql`
    INSERT INTO local.probe (url, subject, status, detail, checked_at, changed_at, next_at)
    VALUES (${probe.url}, ${probe.subject}, ${probe.status}, ${JSON.stringify(probe.detail ?? {})}::text::jsonb,
      now() - interval '2 hours', now() - interval '9 days', now() + interval '1 day')`)
}

/** Any CID will do, because nobody reads the block. */
function cidOf(text: string): string {
  const digits = createHash('sha256').update(text).digest('hex')
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
  return `bafyrei${[...digits]
    .map((digit) => alphabet[Number.parseInt(digit, 16) + 3])
    .join('')
    .slice(0, 52)}`
}
