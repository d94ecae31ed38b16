import { sql } from 'drizzle-orm'
import { stemOf } from '../search-terms/stems.ts'
import { anyIdOf, type Db, recordset, rows, storable } from '../store/sql.ts'
import { resolveAuthorClauses, resolveAuthors } from './authors.ts'
import { labelFacets } from './facet-labels.ts'
import { type IdentifierQuery, readIdentifierQuery } from './identifier-query.ts'
import { atLeastOne, between, during, hasFilters, identityOf, pageOf } from './parameters.ts'
import type { Filter } from './plan/conditions.ts'
import { torrentCorpus } from './plan/corpora.ts'
import { anyTerm, exclusionsOf } from './plan/parsed-query.ts'
import type { SearchRequest } from './plan/request.ts'
import { search } from './plan/search.ts'
import { boundedCandidates } from './postgres/candidates.ts'
import { searchInTurn } from './postgres/search-in-turn.ts'
import { storeEngine } from './postgres/store-engine.ts'
import { type Clause, parseQuery } from './query/query.ts'
import type { SearchSummary } from './search-results.ts'
import { summaryOf } from './summary.ts'

/** The parameters of `searchTorrents`, with the same names. Instants are ISO 8601, sizes are in bytes. */
export interface TorrentSearch {
  q?: string | undefined
  /** A DID or a handle. */
  author?: string | undefined
  dataset?: string | undefined
  metainfoStatus?: string | undefined
  hasWebseed?: boolean | undefined
  /** Whether it is listed as in need of seeders. */
  needsSeeders?: boolean | undefined
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
 * Searches visible torrent records by the words of their names and file paths. `searchDatasets` says which counts are
 * exact and how many matches are listed; the store answers.
 *
 * @throws SearchError with the lexicon's error name: InvalidQuery, InvalidCursor, AuthorNotFound.
 */
export async function searchTorrents(db: Db, parameters: TorrentSearch): Promise<TorrentResults> {
  const q = storable(parameters.q ?? '')
  const identified = await readIdentifierQuery(db, q)
  const clauses = identified && leadsSomewhere(identified) ? [] : await readClauses(db, q)
  const { cursor, limit, facets, ...identifying } = parameters
  const identity = identityOf('torrents', identifying)
  const request = await readRequest(db, parameters, { clauses, identified, identity })
  const searchIn = async (tx: Db) => {
    const found = await search(storeEngine(tx, torrentCorpus, boundedCandidates), request)
    const files = await readMatchedFiles(
      tx,
      found.rows.map((row) => row.id),
      outcomeStems(found.corrected ?? clauses),
    )
    return { ...found, files }
  }
  const outcome = await searchInTurn(db, searchIn)
  return {
    hits: outcome.rows.map(({ id, uri }) => ({ id, uri, matchedFiles: outcome.files.get(id) ?? [] })),
    ...summaryOf(outcome, { typed: parameters.q ?? '', clauses, identity }),
    ...(outcome.facets && { facets: await labelFacets(db, outcome.facets) }),
    ...(identified?.identifier && { recognizedIdentifier: identified.identifier }),
  }
}

/** Torrents have no publishers, risks or keywords, so such conditions are searched for as words. */
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

interface Typed {
  clauses: readonly Clause[]
  identified: IdentifierQuery | undefined
  identity: string
}

async function readRequest(
  db: Db,
  parameters: TorrentSearch,
  { clauses, identified, identity }: Typed,
): Promise<SearchRequest> {
  const page = pageOf(torrentCorpus, parameters, { clauses, identity })
  const authors = parameters.author ? await resolveAuthors(db, [parameters.author]) : []
  const account =
    identified?.identifier?.kind === 'did' || identified?.identifier?.kind === 'handle'
      ? identified.identifier.did
      : undefined
  const dids = [...authors, ...(account ? [account] : [])]
  const rowSets = [
    ...(parameters.dataset ? [await torrentsOf(db, parameters.dataset)] : []),
    ...(identified && leadsSomewhere(identified) && !account ? [identified.torrentIds] : []),
  ]
  return {
    clauses,
    required: [
      ...dids.map((did) => anyTerm([`author:${did}`])),
      ...rowSets.map((ids) => ({ kind: 'any-row', ids }) as const),
    ],
    filters: [...exclusionsOf(clauses), ...filtersOf(parameters, clauses)],
    ...page,
  }
}

function filtersOf(parameters: TorrentSearch, clauses: readonly Clause[]): Filter[] {
  const { metainfoStatus, hasWebseed, needsSeeders } = parameters
  const webseed = (is: boolean): Filter => ({ kind: 'webseed', is })
  return [
    ...hasFilters(clauses, { webseed, seeder: atLeastOne('seeders') }),
    ...(metainfoStatus === undefined ? [] : [{ kind: 'metainfo-status', status: metainfoStatus } as const]),
    ...(hasWebseed === undefined ? [] : [webseed(hasWebseed)]),
    ...(needsSeeders === undefined ? [] : [{ kind: 'needs-seeders', is: needsSeeders } as const]),
    ...between('seeders', parameters.minSeeders, parameters.maxSeeders),
    ...between('size', parameters.minSizeBytes, parameters.maxSizeBytes),
    ...during('created', parameters.createdAfter, parameters.createdBefore),
    ...during('indexed', parameters.indexedAfter, parameters.indexedBefore),
  ]
}

function leadsSomewhere({ identifier, torrentIds }: IdentifierQuery): boolean {
  return (
    torrentIds.length > 0 ||
    ['did', 'handle', 'at-uri', 'magnet', 'infohash'].includes(identifier?.kind ?? '')
  )
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

/** Reads the files whose paths contain a word of the query, those with the most words first. */
async function readMatchedFiles(
  db: Db,
  torrentIds: readonly number[],
  stems: readonly string[],
): Promise<Map<number, MatchedFile[]>> {
  const matched = new Map<number, MatchedFile[]>()
  if (torrentIds.length === 0 || stems.length === 0) return matched
  // A word begins with its stem, except that a final y may have become i.
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

/** How many files of one torrent are compared with the words of a query. */
const searchedFiles = 1_000
