import { sql } from 'drizzle-orm'
import { anyIdOf, type Db, recordset, rows, storable } from '../sql.ts'
import { readOnly } from '../store/read-only.ts'
import {
  atLeastOne,
  between,
  during,
  hasConditions,
  identityOf,
  pageOf,
  resolveAuthorClauses,
  resolveAuthors,
} from './corpora/conditions.ts'
import { labelFacets } from './corpora/facet-labels.ts'
import { hasWebSeed, torrentCorpus } from './corpora/torrent-corpus.ts'
import { type Direct, findDirect } from './query/direct.ts'
import { type Clause, parseQuery } from './query/query.ts'
import { stemOf } from './query/words.ts'
import { boundedCandidates } from './ranking/candidates.ts'
import { type Check, idNeed, termNeed } from './ranking/needs.ts'
import { type SearchRequest, search } from './ranking/search.ts'
import { storeEngine } from './ranking/store-engine.ts'
import type { SearchSummary } from './search-results.ts'
import { summaryOf } from './summary.ts'
import { baseOf } from './terms/codes.ts'
import { type Alias, column } from './terms/row-terms.ts'

/** The parameters of `searchTorrents`, under their own names. Instants are ISO 8601, sizes bytes. */
export interface TorrentSearch {
  q?: string | undefined
  /** A DID or a handle. */
  author?: string | undefined
  dataset?: string | undefined
  metainfoStatus?: string | undefined
  hasWebSeed?: boolean | undefined
  minSeeders?: number | undefined
  maxSeeders?: number | undefined
  minSizeBytes?: number | undefined
  maxSizeBytes?: number | undefined
  createdAfter?: string | undefined
  createdBefore?: string | undefined
  indexedAfter?: string | undefined
  indexedBefore?: string | undefined
  sort?: string | undefined
  facets?: readonly string[] | undefined
  limit?: number | undefined
  cursor?: string | undefined
}

export interface TorrentHit {
  id: number
  uri: string
  /** Files whose paths matched words of the query, at most 20. */
  matchedFiles: MatchedFile[]
}

export interface MatchedFile {
  path: string
  sizeBytes: number
  piecesRoot: string | null
  index: number
}

export interface TorrentResults extends SearchSummary {
  hits: TorrentHit[]
}

/**
 * Searches visible torrent records by the words of their names and file paths. See `searchDatasets` for what is
 * exact and how far a listing goes.
 *
 * @throws SearchError with the lexicon's error name: InvalidQuery, InvalidCursor, AuthorNotFound.
 */
export async function searchTorrents(db: Db, parameters: TorrentSearch): Promise<TorrentResults> {
  const q = storable(parameters.q ?? '')
  const direct = await findDirect(db, q)
  const clauses = direct && leadsSomewhere(direct) ? [] : await readClauses(db, q)
  const request = await readRequest(db, parameters, { clauses, direct })
  const outcome = await readOnly(db, async (tx) => {
    const found = await search(storeEngine(tx, torrentCorpus, boundedCandidates), torrentCorpus, request)
    const files = await readMatchedFiles(
      tx,
      found.rows.map((row) => row.id),
      outcomeStems(found.corrected ?? clauses),
    )
    return { ...found, files }
  })
  return {
    hits: outcome.rows.map(({ id, uri }) => ({ id, uri, matchedFiles: outcome.files.get(id) ?? [] })),
    ...summaryOf(outcome, parameters.q ?? '', clauses),
    ...(outcome.facets && { facets: await labelFacets(db, outcome.facets) }),
    ...(direct && { direct: direct.hit }),
  }
}

/** Torrents have no publishers, risks or keywords: such conditions are words here. */
async function readClauses(db: Db, q: string): Promise<Clause[]> {
  const clauses = await resolveAuthorClauses(db, parseQuery(q).clauses)
  return clauses.flatMap((clause): Clause[] => {
    if (clause.field === 'text' || clause.field === 'author' || clause.field === 'has') return [clause]
    return clause.words.map((word) => ({
      ...clause,
      field: 'text',
      phrase: false,
      value: word,
      words: [word],
      stems: [stemOf(word)],
      spellings: [],
    }))
  })
}

async function readRequest(
  db: Db,
  parameters: TorrentSearch,
  { clauses, direct }: { clauses: readonly Clause[]; direct: Direct | undefined },
): Promise<SearchRequest> {
  const page = pageOf(torrentCorpus, parameters)
  const authors = parameters.author ? await resolveAuthors(db, [parameters.author]) : []
  const account = direct?.hit.kind === 'did' || direct?.hit.kind === 'handle' ? direct.hit.did : undefined
  const terms = [...authors, ...(account ? [account] : [])].map((did) => `author:${did}`)
  const ids = [
    ...(parameters.dataset ? [await torrentsOf(db, parameters.dataset)] : []),
    ...(direct && leadsSomewhere(direct) && !account ? [direct.torrentIds] : []),
  ]
  const { cursor, limit, facets, ...identifying } = parameters
  return {
    clauses,
    filterTerms: terms.map(baseOf),
    filters: (statistics) => ({
      needs: [...terms.map((term) => termNeed([term], statistics)), ...ids.map(idNeed)],
      checks: checksOf(parameters, clauses),
    }),
    ...page,
    identity: identityOf('torrents', identifying),
  }
}

function checksOf(parameters: TorrentSearch, clauses: readonly Clause[]): Check[] {
  const { metainfoStatus, hasWebSeed: webSeed } = parameters
  return [
    ...hasConditions(clauses, {
      webseed: {
        has: { holds: hasWebSeed },
        hasNot: { holds: (alias) => sql`NOT ${hasWebSeed(alias)}` },
      },
      seeder: atLeastOne('seeders', 'seeders'),
    }),
    ...(metainfoStatus === undefined
      ? []
      : [
          { holds: (alias: Alias) => sql`${column(alias, 'metainfo_status')} = ${storable(metainfoStatus)}` },
        ]),
    ...(webSeed === undefined ? [] : [{ holds: (alias: Alias) => sql`(${hasWebSeed(alias)}) = ${webSeed}` }]),
    ...between('seeders', parameters.minSeeders, parameters.maxSeeders),
    ...between('size_bytes', parameters.minSizeBytes, parameters.maxSizeBytes),
    ...during('created_at', parameters.createdAfter, parameters.createdBefore),
    ...during('indexed_at', parameters.indexedAfter, parameters.indexedBefore),
  ]
}

function leadsSomewhere({ hit, torrentIds }: Direct): boolean {
  return torrentIds.length > 0 || ['did', 'handle', 'at-uri', 'magnet', 'infohash'].includes(hit.kind)
}

async function torrentsOf(db: Db, datasetUri: string): Promise<number[]> {
  const found = await rows<{ id: number }>(
    db,
    sql`SELECT torrent_id AS id FROM catalog.torrent_dataset WHERE dataset_uri = ${storable(datasetUri)}`,
  )
  return found.map((row) => row.id)
}

function outcomeStems(clauses: readonly Clause[]): string[] {
  return clauses
    .filter((clause) => !clause.excluded && clause.field === 'text')
    .flatMap((clause) => clause.stems)
}

/** Files of these torrents whose path holds a word of the query, those with the most words first. */
async function readMatchedFiles(
  db: Db,
  torrentIds: readonly number[],
  stems: readonly string[],
): Promise<Map<number, MatchedFile[]>> {
  const matched = new Map<number, MatchedFile[]>()
  if (torrentIds.length === 0 || stems.length === 0) return matched
  // A stem is where its words begin, but for a final y that became i.
  const parts = stems.slice(0, 16).map((stem) => ({ part: stem.length > 3 ? stem.replace(/i$/, '') : stem }))
  const found = await rows<MatchedFile & { id: number } & Record<string, unknown>>(
    db,
    sql`
    SELECT t.id, f.path, f.size_bytes AS "sizeBytes", encode(f.pieces_root, 'hex') AS "piecesRoot", f.position AS index
    FROM catalog.torrent t CROSS JOIN LATERAL (
      SELECT path, size_bytes, pieces_root, position, words FROM (
        SELECT f.*, (SELECT count(*) FROM ${recordset(parts, 'part text')} WHERE strpos(lower(unaccent(f.path)), part) > 0) AS words
        FROM catalog.file f WHERE f.content_id = t.content_id AND f.position < ${searchedFiles}) AS counted
      WHERE words > 0 ORDER BY words DESC, position LIMIT 20) AS f
    WHERE t.id = ${anyIdOf(torrentIds)} ORDER BY t.id, f.words DESC, f.position`,
  )
  for (const { id, ...file } of found) matched.set(id, [...(matched.get(id) ?? []), file])
  return matched
}

/** Files of one torrent that are compared with the words of a query. */
const searchedFiles = 1_000
