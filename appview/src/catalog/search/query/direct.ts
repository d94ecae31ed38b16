import { identityKeys, recognizeIdentifier } from '@holdfast/lexicons/identifiers'
import { normalizeInfoHash } from '@holdfast/torrent/infohash'
import { parseMagnet } from '@holdfast/torrent/magnet'
import { sql } from 'drizzle-orm'
import { type Db, rows, storable } from '../../sql.ts'
import { resolveAccount } from '../../views/accounts.ts'
import type { DirectHit } from '../search-results.ts'

/** An identifier typed as the whole query, and the visible records it leads to. */
export interface Direct {
  hit: DirectHit
  datasetIds: number[]
  torrentIds: number[]
}

/**
 * Recognises an AT-URI, a DID, a handle, a magnet link, an infohash in any form, a DOI, an ARK or an address.
 * Undefined for anything else, and for what could as well be words and leads nowhere.
 */
export async function findDirect(db: Db, query: string): Promise<Direct | undefined> {
  const text = storable(query.trim())
  if (text === '' || text.length > 8_192 || /\s/.test(text.replace(/^doi:\s+/i, 'doi:'))) return undefined
  if (text.startsWith('at://')) return byUri(db, text)
  if (isDid.test(text)) return { hit: { kind: 'did', value: text, did: text }, ...none }
  return (await byInfoHash(db, text)) ?? (await byIdentifier(db, text)) ?? (await byHandle(db, text))
}

const isDid = /^did:[a-z]+:[\w.:%-]+$/

const none = { datasetIds: [], torrentIds: [] }

async function byUri(db: Db, text: string): Promise<Direct | undefined> {
  const [, authority = '', collection, rkey] = /^at:\/\/([^/]+)(?:\/([^/]+)\/([^/]+))?/.exec(text) ?? []
  const did = await resolveAccount(db, authority)
  if (did === undefined || !isDid.test(did)) return undefined
  if (!collection) return { hit: { kind: 'did', value: did, did }, ...none }
  const uri = `at://${did}/${collection}/${rkey}`
  const found = await rows<{ id: number; kind: string }>(
    db,
    sql`
    SELECT id, 'dataset' AS kind FROM catalog.dataset WHERE uri = ${uri} AND visible
    UNION ALL SELECT id, 'torrent' FROM catalog.torrent WHERE uri = ${uri} AND visible`,
  )
  const torrentIds = found.filter((row) => row.kind === 'torrent').map((row) => row.id)
  const datasetIds = found.filter((row) => row.kind === 'dataset').map((row) => row.id)
  return {
    hit: { kind: 'at-uri', value: uri, ...(found.length > 0 && { uri }) },
    datasetIds: torrentIds.length > 0 ? await datasetsOf(db, torrentIds) : datasetIds,
    torrentIds: datasetIds.length > 0 ? await torrentsOf(db, uri) : torrentIds,
  }
}

async function byInfoHash(db: Db, text: string): Promise<Direct | undefined> {
  const named = namedContent(text)
  if (!named) return undefined
  const { v1, v2 } = named
  const found = await rows<{ id: number; v1: string | null; v2: string | null }>(
    db,
    sql`
    SELECT id, info_hash_v1 AS v1, info_hash_v2 AS v2 FROM catalog.torrent WHERE visible AND (
      info_hash_v1 = ${v1}::text OR left(info_hash_v2, 40) = ${v1}::text OR info_hash_v2 = ${v2}::text)
    ORDER BY id LIMIT 1000`,
  )
  const torrentIds = found.map((row) => row.id)
  const infoHashV1 = found.find((row) => row.v1)?.v1
  const infoHashV2 = found.find((row) => row.v2)?.v2
  return {
    hit: {
      kind: /^magnet:/i.test(text) ? 'magnet' : 'infohash',
      value: v2 ?? v1 ?? '',
      ...(infoHashV1 && { infoHashV1 }),
      ...(infoHashV2 && { infoHashV2 }),
    },
    torrentIds,
    datasetIds: await datasetsOf(db, torrentIds),
  }
}

function namedContent(text: string): { v1: string | null; v2: string | null } | undefined {
  if (/^magnet:/i.test(text)) {
    try {
      const magnet = parseMagnet(text)
      return { v1: magnet.infoHashV1, v2: magnet.infoHashV2 }
    } catch {
      return undefined // not a link anybody could follow: words
    }
  }
  const hash = normalizeInfoHash(text)
  return hash
    ? { v1: hash.form === 'short' ? hash.hex : null, v2: hash.form === 'v2' ? hash.hex : null }
    : undefined
}

async function byIdentifier(db: Db, text: string): Promise<Direct | undefined> {
  const identifier = recognizeIdentifier(text)
  if (!identifier) return undefined
  const [key] = identityKeys({ identifiers: [identifier] })
  if (!key) return undefined
  const found = await rows<{ id: number }>(
    db,
    sql`
    SELECT d.id FROM catalog.dataset_key k JOIN catalog.dataset d ON d.id = k.dataset_id WHERE k.key = ${storable(key)} AND d.visible`,
  )
  const kind = identifier.scheme === 'doi' || identifier.scheme === 'ark' ? identifier.scheme : 'url'
  return { hit: { kind, value: identifier.value }, datasetIds: found.map((row) => row.id), torrentIds: [] }
}

async function byHandle(db: Db, text: string): Promise<Direct | undefined> {
  const handle = text.replace(/^@/, '').toLowerCase()
  if (!/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*$/.test(handle)) return undefined
  const did = await resolveAccount(db, handle)
  return did ? { hit: { kind: 'handle', value: handle, did }, ...none } : undefined
}

async function datasetsOf(db: Db, torrentIds: readonly number[]): Promise<number[]> {
  if (torrentIds.length === 0) return []
  const found = await rows<{ id: number }>(
    db,
    sql`
    SELECT DISTINCT d.id FROM catalog.torrent_dataset td JOIN catalog.dataset d ON d.uri = td.dataset_uri
    WHERE d.visible AND td.torrent_id IN (${sql.join(
      torrentIds.map((id) => sql`${id}`),
      sql`, `,
    )})`,
  )
  return found.map((row) => row.id)
}

async function torrentsOf(db: Db, datasetUri: string): Promise<number[]> {
  const found = await rows<{ id: number }>(
    db,
    sql`
    SELECT t.id FROM catalog.torrent_dataset td JOIN catalog.torrent t ON t.id = td.torrent_id
    WHERE t.visible AND td.dataset_uri = ${datasetUri}`,
  )
  return found.map((row) => row.id)
}
