import { identityKeys, recognizeIdentifier } from '@holdfast/lexicons/identifiers'
import { normalizeInfoHash } from '@holdfast/torrent/infohash'
import { parseMagnet } from '@holdfast/torrent/magnet'
import { type SQL, sql } from 'drizzle-orm'
import { boundedKey } from '../catalog/derive/cards.ts'
import { resolveAccount } from '../catalog/read/account.ts'
import { shown } from '../catalog/shown.ts'
import { baseOf } from '../search-terms/codes.ts'
import { identifierTerm } from '../search-terms/identifier-terms.ts'
import { anyCode, int } from '../search-terms/row-terms.ts'
import { beginSearch } from '../store/planner.ts'
import { type Db, rows, storable } from '../store/sql.ts'
import { lookUpInTurn, searchInTurn } from './postgres/search-in-turn.ts'
import type { RecognizedIdentifier } from './search-results.ts'

/** An identifier that is the whole query, and the visible records that it names. */
export interface IdentifierQuery {
  /** Absent if the lexicon has no kind for it; the query is then also searched for as words. */
  identifier?: RecognizedIdentifier
  datasetIds: number[]
  torrentIds: number[]
}

/**
 * Recognizes an AT-URI, a DID, a handle, a magnet link, an infohash in any form, a DOI, an ARK or an address.
 * Returns undefined for anything else, and for text that could also be words and names no record.
 *
 * @throws SearchError InvalidQuery when the look-up takes too long
 */
export async function readIdentifierQuery(db: Db, query: string): Promise<IdentifierQuery | undefined> {
  const text = storable(unwrapped(query.trim())).replace(/^(doi|ark|hdl|isbn|issn)(:?)\s+/i, '$1:')
  if (text === '' || text.length > 8_192 || /\s/.test(text)) return undefined
  if (text.startsWith('at://')) return byUri(db, text)
  if (isDid.test(text)) return { identifier: { kind: 'did', value: text, did: text }, ...none }
  const found = (await byInfoHash(db, text)) ?? (await byIdentifier(db, text)) ?? (await byHandle(db, text))
  // Punctuation at the end probably belongs to the sentence from which the identifier was copied.
  const sentence = withoutStops(text)
  const leads = found && (found.datasetIds.length > 0 || found.torrentIds.length > 0)
  return leads || sentence === undefined ? found : ((await readIdentifierQuery(db, sentence)) ?? found)
}

/** Removes punctuation at the end; undefined if there is none, or nothing else. */
function withoutStops(text: string): string | undefined {
  let end = text.length
  while ('.,;:!?'.includes(text.charAt(end - 1)) && end > 0) end--
  return end > 0 && end < text.length ? text.slice(0, end) : undefined
}

/** Removes the quotes or brackets around a text. */
function unwrapped(text: string): string {
  return (
    /^(?:"(.*)"|'(.*)'|“(.*)”|‘(.*)’|«(.*)»|<(.*)>|\[(.*)\]|\((.*)\))$/s
      .exec(text)
      ?.slice(1)
      .find((inside) => inside !== undefined) ?? text
  )
}

const isDid = /^did:[a-z]+:[\w.:%-]+$/

const none = { datasetIds: [], torrentIds: [] }

async function byUri(db: Db, text: string): Promise<IdentifierQuery | undefined> {
  const [, authority = '', collection, rkey] = /^at:\/\/([^/]+)(?:\/([^/]+)\/([^/]+))?/.exec(text) ?? []
  const did = await accountOf(db, authority)
  if (did === undefined || !isDid.test(did)) return undefined
  if (!collection) return { identifier: { kind: 'did', value: did, did }, ...none }
  const uri = `at://${did}/${collection}/${rkey}`
  const found = await lookUp<{ id: number; kind: string }>(
    db,
    sql`
    SELECT id, 'dataset' AS kind FROM catalog.dataset WHERE uri = ${uri} AND ${shown()}
    UNION ALL SELECT id, 'torrent' FROM catalog.torrent WHERE uri = ${uri} AND ${shown()}`,
  )
  const torrentIds = found.filter((row) => row.kind === 'torrent').map((row) => row.id)
  const datasetIds = found.filter((row) => row.kind === 'dataset').map((row) => row.id)
  return {
    identifier: { kind: 'at-uri', value: uri, ...(found.length > 0 && { uri }) },
    datasetIds: torrentIds.length > 0 ? await datasetsOf(db, torrentIds) : datasetIds,
    torrentIds: datasetIds.length > 0 ? await torrentsOf(db, uri) : torrentIds,
  }
}

async function byInfoHash(db: Db, text: string): Promise<IdentifierQuery | undefined> {
  const named = namedContent(text)
  if (!named) return undefined
  const { v1, v2 } = named
  const found = await lookUp<{ id: number; v1: string | null; v2: string | null }>(
    db,
    sql`
    SELECT id, info_hash_v1 AS v1, info_hash_v2 AS v2 FROM catalog.torrent WHERE ${shown()} AND (
      info_hash_v1 = ${v1}::text OR left(info_hash_v2, 40) = ${v1}::text OR info_hash_v2 = ${v2}::text)
    ORDER BY id LIMIT 1000`,
  )
  const torrentIds = found.map((row) => row.id)
  const infoHashV1 = found.find((row) => row.v1)?.v1
  const infoHashV2 = found.find((row) => row.v2)?.v2
  return {
    identifier: {
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
      return undefined // not a valid magnet link, so it is searched for as words
    }
  }
  const hash = normalizeInfoHash(text)
  return hash
    ? { v1: hash.form === 'short' ? hash.hex : null, v2: hash.form === 'v2' ? hash.hex : null }
    : undefined
}

async function byIdentifier(db: Db, text: string): Promise<IdentifierQuery | undefined> {
  const identifier = recognizeIdentifier(text)
  const [key] = identifier ? identityKeys({ identifiers: [identifier] }) : []
  const named = key === undefined ? [] : await byKey(db, key)
  const datasetIds = named.length > 0 ? named : await byTerm(db, [text, identifier?.value ?? ''])
  if (identifier === undefined || key === undefined)
    return datasetIds.length > 0 ? { datasetIds, torrentIds: [] } : undefined
  const kind = identifier.scheme === 'doi' || identifier.scheme === 'ark' ? identifier.scheme : 'url'
  return { identifier: { kind, value: identifier.value }, datasetIds, torrentIds: [] }
}

async function byKey(db: Db, key: string): Promise<number[]> {
  const found = await lookUp<{ id: number }>(
    db,
    sql`
    SELECT d.id FROM catalog.dataset_key k JOIN catalog.dataset d ON d.id = k.dataset_id WHERE k.key = ${storable(boundedKey(key))} AND ${shown('d')}`,
  )
  return found.map((row) => row.id)
}

/** The most datasets that one identifier leads to, because anybody can give an identifier to any number of records. */
const mostNamed = 1_000

/** Finds datasets by an identifier of any scheme, in any spelling. */
async function byTerm(db: Db, texts: readonly string[]): Promise<number[]> {
  const bases = texts.flatMap((text) => identifierTerm(text) ?? []).map(baseOf)
  if (bases.length === 0) return []
  return searchInTurn(db, async (tx) => {
    await beginSearch(tx)
    const found = await rows<{ id: number }>(
      tx,
      sql`SELECT d.id FROM catalog.dataset d WHERE d.visible::int = 1 AND ${anyCode('d', bases)} LIMIT ${int(mostNamed)}`,
    )
    return found.map((row) => row.id)
  })
}

async function byHandle(db: Db, text: string): Promise<IdentifierQuery | undefined> {
  const handle = text.replace(/^@/, '').toLowerCase()
  if (!/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*$/.test(handle)) return undefined
  const did = await accountOf(db, handle)
  return did ? { identifier: { kind: 'handle', value: handle, did }, ...none } : undefined
}

/** Runs a look-up under the same limits as searches. */
function lookUp<Row extends Record<string, unknown>>(db: Db, query: SQL): Promise<Row[]> {
  return lookUpInTurn(db, (tx) => rows<Row>(tx, query))
}

async function accountOf(db: Db, identifier: string): Promise<string | undefined> {
  if (identifier.startsWith('did:')) return identifier
  return lookUpInTurn(db, (tx) => resolveAccount(tx, identifier))
}

async function datasetsOf(db: Db, torrentIds: readonly number[]): Promise<number[]> {
  if (torrentIds.length === 0) return []
  const found = await lookUp<{ id: number }>(
    db,
    sql`
    SELECT DISTINCT d.id FROM catalog.torrent_dataset td JOIN catalog.dataset d ON d.uri = td.dataset_uri
    WHERE ${shown('d')} AND td.torrent_id IN (${sql.join(
      torrentIds.map((id) => sql`${id}`),
      sql`, `,
    )})`,
  )
  return found.map((row) => row.id)
}

async function torrentsOf(db: Db, datasetUri: string): Promise<number[]> {
  const found = await lookUp<{ id: number }>(
    db,
    sql`
    SELECT t.id FROM catalog.torrent_dataset td JOIN catalog.torrent t ON t.id = td.torrent_id
    WHERE ${shown('t')} AND td.dataset_uri = ${datasetUri}`,
  )
  return found.map((row) => row.id)
}
