import { filterTerm } from '../search-terms/impacts.ts'
import { type Db, storable } from '../store/sql.ts'
import { resolveAuthorClauses, resolveAuthors } from './authors.ts'
import { labelAccounts, labelFacets } from './facet-labels.ts'
import { type IdentifierQuery, readIdentifierQuery } from './identifier-query.ts'
import { type SearchMemory, searchMemory } from './memory/search-memory.ts'
import { atLeastOne, between, during, hasFilters, identityOf, instantOf, pageOf } from './parameters.ts'
import type { Filter, RequiredTerm } from './plan/conditions.ts'
import { datasetCorpus } from './plan/corpora.ts'
import { anyTerm, exclusionsOf } from './plan/parsed-query.ts'
import type { SearchRequest } from './plan/request.ts'
import { type SearchOutcome, search } from './plan/search.ts'
import { boundedCandidates } from './postgres/candidates.ts'
import { readJudged } from './postgres/judged.ts'
import { lookUpInTurn, searchInTurn } from './postgres/search-in-turn.ts'
import { correctInTurn } from './postgres/spelling.ts'
import { storeEngine } from './postgres/store-engine.ts'
import { type Clause, parseQuery } from './query/query.ts'
import type { SearchSummary } from './search-results.ts'
import { summaryOf } from './summary.ts'

/** The parameters of `searchDatasets`, with the same names. Instants are ISO 8601, sizes are in bytes. */
export interface DatasetSearch {
  q?: string | undefined
  keyword?: readonly string[] | undefined
  publisher?: string | undefined
  license?: string | undefined
  risk?: readonly string[] | undefined
  scarcity?: readonly string[] | undefined
  format?: string | undefined
  /** A DID or a handle. */
  author?: string | undefined
  hasTorrent?: boolean | undefined
  minSeeders?: number | undefined
  maxSeeders?: number | undefined
  minSizeBytes?: number | undefined
  maxSizeBytes?: number | undefined
  goneBefore?: string | undefined
  createdAfter?: string | undefined
  createdBefore?: string | undefined
  indexedAfter?: string | undefined
  indexedBefore?: string | undefined
  /** DIDs or handles. */
  assessedBy?: readonly string[] | undefined
  sort?: string | undefined
  facets?: readonly string[] | undefined
  limit?: number | undefined
  cursor?: string | undefined
}

/** One card. It shows the record of its group that fits the query best. */
export interface DatasetHit {
  id: number
  uri: string
  groupId: number
}

export interface DatasetResults extends SearchSummary {
  hits: DatasetHit[]
}

/**
 * Searches visible datasets and returns one hit for each group, in order. The index in memory answers where it can; it
 * lists and counts every match, and its facets are exact for up to 1,000 matches. Otherwise the store answers: by
 * relevance it lists the best 600 to 12,000 matches, and `hitsTotal` and the facets are exact if one of the terms asked
 * for is in at most 1,500 records.
 *
 * @throws SearchError with the lexicon's error name: InvalidQuery, InvalidCursor, AuthorNotFound.
 */
export async function searchDatasets(
  db: Db,
  parameters: DatasetSearch,
  memory?: SearchMemory,
): Promise<DatasetResults & { answeredBy: 'memory' | 'store' }> {
  let answeredBy: 'memory' | 'store' = 'memory'
  const results = await searchBy(db, parameters, async (request) => {
    const found = memory && (await searchInMemory(db, memory, request))
    if (found) return found
    answeredBy = 'store'
    return searchStore(db, request)
  })
  return { ...results, answeredBy }
}

async function searchInMemory(
  db: Db,
  memory: SearchMemory,
  request: SearchRequest,
): Promise<SearchOutcome | undefined> {
  const correct = (word: string) => correctInTurn(db, 'dataset', word)
  const outcome = await searchMemory(db, memory, { corpus: datasetCorpus, request, correct })
  // The index in memory already has the labels of keywords, but not the handles of accounts, which may change.
  return outcome?.facets ? { ...outcome, facets: await labelAccounts(db, outcome.facets) } : outcome
}

async function searchStore(db: Db, request: SearchRequest): Promise<SearchOutcome> {
  const outcome = await searchInTurn(db, (tx) =>
    search(storeEngine(tx, datasetCorpus, boundedCandidates), request),
  )
  return outcome.facets ? { ...outcome, facets: await labelFacets(db, outcome.facets) } : outcome
}

/** Searches datasets with whatever engine `searchIn` calls. */
export async function searchBy(
  db: Db,
  parameters: DatasetSearch,
  searchIn: (request: SearchRequest) => Promise<SearchOutcome>,
): Promise<DatasetResults> {
  const query = parseQuery(storable(parameters.q ?? ''))
  const clauses = await resolveAuthorClauses(db, query.clauses)
  const identified = await readIdentifierQuery(db, parameters.q ?? '')
  const { cursor, limit, facets, ...identifying } = parameters
  const identity = identityOf('datasets', identifying)
  const request = await readRequest(db, parameters, { clauses, identified, identity })
  const outcome = await searchIn(request)
  return {
    hits: outcome.rows.map(({ id, uri, group }) => ({ id, uri, groupId: group })),
    ...summaryOf(outcome, { typed: parameters.q ?? '', clauses: request.clauses, identity }),
    ...(identified?.identifier && { recognizedIdentifier: identified.identifier }),
  }
}

interface Typed {
  clauses: readonly Clause[]
  identified: IdentifierQuery | undefined
  identity: string
}

async function readRequest(
  db: Db,
  parameters: DatasetSearch,
  { clauses, identified, identity }: Typed,
): Promise<SearchRequest> {
  const leading = identified && leadsSomewhere(identified) ? identified : undefined
  const wanted = leading ? [] : clauses
  const judges = parameters.assessedBy?.length ? await resolveAuthors(db, parameters.assessedBy) : undefined
  const page = pageOf(judges ? judgedBy(judges) : datasetCorpus, parameters, { clauses: wanted, identity })
  const judged = judges && (await readJudgedIds(db, judges, parameters))
  const authors = parameters.author ? await resolveAuthors(db, [parameters.author]) : []
  return {
    clauses: wanted,
    required: [
      ...requiredTerms(parameters, judged === undefined),
      ...authors.map((did) => anyTerm([`author:${did}`])),
      ...(leading ? termsOfIdentifier(leading) : []),
      ...(judged ? [{ kind: 'any-row', ids: judged } as const] : []),
      ...(identified && identified.datasetIds.length > 0
        ? [{ kind: 'any-row', ids: identified.datasetIds } as const]
        : []),
    ],
    filters: [...exclusionsOf(wanted), ...filtersOf(parameters, clauses, judged === undefined)],
    ...page,
  }
}

/** The sorts and facets of datasets, with the date a dataset is expected to be gone taken from these accounts only. */
function judgedBy(judges: readonly string[]): Pick<typeof datasetCorpus, 'sorts' | 'facets'> {
  const { sorts, facets } = datasetCorpus
  return {
    facets,
    sorts: { ...sorts, 'expected-gone': { by: 'judged-end', judges, absent: 'infinity', descending: false } },
  }
}

function readJudgedIds(
  db: Db,
  judges: readonly string[],
  parameters: DatasetSearch,
): Promise<number[] | undefined> {
  const asked = { ...parameters, goneBefore: instantOf(parameters.goneBefore) }
  return lookUpInTurn(db, (tx) => readJudged(tx, judges, asked))
}

function leadsSomewhere({ identifier, datasetIds }: IdentifierQuery): boolean {
  return (
    datasetIds.length > 0 ||
    identifier?.kind === 'did' ||
    identifier?.kind === 'handle' ||
    identifier?.kind === 'at-uri' ||
    identifier?.kind === 'magnet'
  )
}

function termsOfIdentifier({ identifier, datasetIds }: IdentifierQuery): RequiredTerm[] {
  if (identifier?.kind === 'did' || identifier?.kind === 'handle')
    return [anyTerm([`author:${identifier.did}`])]
  return datasetIds.length === 0 ? [anyTerm(['none:'])] : []
}

/** The terms that a match must have because of these parameters. */
function requiredTerms(parameters: DatasetSearch, everyJudge: boolean): RequiredTerm[] {
  const { keyword, publisher, license, risk, scarcity, format } = parameters
  const any = (field: string, values: readonly string[] | undefined) =>
    values?.length ? [anyTerm(values.map((value) => filterTerm(field, storable(value))))] : []
  return [
    ...(keyword ?? []).flatMap((one) => any('keyword', [one])),
    ...any('publisher', publisher ? [publisher] : undefined),
    ...any('license', license ? [license] : undefined),
    ...(everyJudge ? [...any('risk', risk), ...any('scarcity', scarcity)] : []),
    // A keyword that names a format counts: many catalogs have no other place for it.
    ...(format
      ? [anyTerm([filterTerm('format', storable(format)), filterTerm('keyword', storable(format))])]
      : []),
  ]
}

function filtersOf(parameters: DatasetSearch, clauses: readonly Clause[], everyJudge: boolean): Filter[] {
  const { hasTorrent } = parameters
  const torrent = atLeastOne('torrents')
  const gone = everyJudge ? instantOf(parameters.goneBefore) : undefined
  return [
    ...hasFilters(clauses, { torrent, seeder: atLeastOne('seeders') }),
    ...(hasTorrent === undefined ? [] : [torrent(hasTorrent)]),
    ...between('seeders', parameters.minSeeders, parameters.maxSeeders),
    ...between('size', parameters.minSizeBytes, parameters.maxSizeBytes),
    ...(gone === undefined ? [] : [{ kind: 'gone-before', before: gone } as const]),
    ...during('created', parameters.createdAfter, parameters.createdBefore),
    ...during('indexed', parameters.indexedAfter, parameters.indexedBefore),
  ]
}
