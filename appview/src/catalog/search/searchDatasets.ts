import { sql } from 'drizzle-orm'
import { type Db, storable } from '../sql.ts'
import { readOnly } from '../store/read-only.ts'
import {
  atLeastOne,
  between,
  during,
  hasConditions,
  identityOf,
  instantOf,
  pageOf,
  resolveAuthorClauses,
  resolveAuthors,
} from './corpora/conditions.ts'
import type { Corpus } from './corpora/corpus.ts'
import { datasetCorpus } from './corpora/dataset-corpus.ts'
import { labelFacets } from './corpora/facet-labels.ts'
import { deadlineBy, readJudged } from './corpora/judged.ts'
import { type SearchMemory, searchMemory } from './memory/search-memory.ts'
import { type Direct, findDirect } from './query/direct.ts'
import { type Clause, parseQuery } from './query/query.ts'
import { boundedCandidates } from './ranking/candidates.ts'
import { type Check, idNeed, termNeed } from './ranking/needs.ts'
import { type SearchOutcome, type SearchRequest, search } from './ranking/search.ts'
import { storeEngine } from './ranking/store-engine.ts'
import type { SearchSummary } from './search-results.ts'
import { summaryOf } from './summary.ts'
import { baseOf } from './terms/codes.ts'
import { filterTerm } from './terms/impacts.ts'
import { column } from './terms/row-terms.ts'

/** The parameters of `searchDatasets`, under their own names. Instants are ISO 8601, sizes bytes. */
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

/** One card: the describer that fits the query best stands for its group. */
export interface DatasetHit {
  id: number
  uri: string
  groupId: number
}

export interface DatasetResults extends SearchSummary {
  hits: DatasetHit[]
}

/**
 * Searches visible datasets, one hit a group, in order; from memory where an index is held there. From the store, by
 * relevance the best 600 to 12,000 are listed, and `hitsTotal` and the facets are exact where something asked for is in at
 * most 1,500 records. From memory everything is listed and counted; facets are exact up to 1,000 records.
 *
 * @throws SearchError with the lexicon's error name: InvalidQuery, InvalidCursor, AuthorNotFound.
 */
export function searchDatasets(
  db: Db,
  parameters: DatasetSearch,
  memory?: SearchMemory,
): Promise<DatasetResults> {
  return searchBy(db, parameters, async (corpus, request) => {
    // Only the store knows what each judge expects.
    const held = memory && corpus === datasetCorpus ? memory : undefined
    return (held && (await searchMemory(db, held, corpus, request))) ?? searchStore(db, corpus, request)
  })
}

async function searchStore(db: Db, corpus: Corpus, request: SearchRequest): Promise<SearchOutcome> {
  const outcome = await readOnly(db, (tx) =>
    search(storeEngine(tx, corpus, boundedCandidates), corpus, request),
  )
  return outcome.facets ? { ...outcome, facets: await labelFacets(db, outcome.facets) } : outcome
}

/** The same with whatever searches. */
export async function searchBy(
  db: Db,
  parameters: DatasetSearch,
  searchIn: (corpus: Corpus, request: SearchRequest) => Promise<SearchOutcome>,
): Promise<DatasetResults> {
  const query = parseQuery(storable(parameters.q ?? ''))
  const clauses = await resolveAuthorClauses(db, query.clauses)
  const direct = await findDirect(db, parameters.q ?? '')
  const request = await readRequest(db, parameters, { clauses, direct })
  const outcome = await searchIn(request.corpus, request.search)
  return {
    hits: outcome.rows.map(({ id, uri, group }) => ({ id, uri, groupId: group })),
    ...summaryOf(outcome, parameters.q ?? '', request.search.clauses),
    ...(direct && { direct: direct.hit }),
  }
}

interface Read {
  corpus: Corpus
  search: SearchRequest
}

async function readRequest(
  db: Db,
  parameters: DatasetSearch,
  { clauses, direct }: { clauses: readonly Clause[]; direct: Direct | undefined },
): Promise<Read> {
  const page = pageOf(datasetCorpus, parameters)
  const judges = parameters.assessedBy?.length ? await resolveAuthors(db, parameters.assessedBy) : undefined
  const judged = judges && (await readJudged(db, judges, parameters))
  const alternatives = filterAlternatives(parameters, judged === undefined)
  for (const did of parameters.author ? await resolveAuthors(db, [parameters.author]) : [])
    alternatives.push([`author:${did}`])
  const terms = direct && leadsSomewhere(direct) ? [...alternatives, ...directTerms(direct)] : alternatives
  const ids = [
    ...(judged ? [judged] : []),
    ...(direct && direct.datasetIds.length > 0 ? [direct.datasetIds] : []),
  ]
  const { cursor, limit, facets, ...identifying } = parameters
  return {
    corpus: judges
      ? { ...datasetCorpus, sorts: { ...datasetCorpus.sorts, 'risk-deadline': deadlineBy(judges) } }
      : datasetCorpus,
    search: {
      clauses: direct && leadsSomewhere(direct) ? [] : clauses,
      filterTerms: terms.flat().map(baseOf),
      filters: (statistics) => ({
        needs: [...terms.map((names) => termNeed(names, statistics)), ...ids.map(idNeed)],
        checks: checksOf(parameters, clauses, judged === undefined),
      }),
      ...page,
      identity: identityOf('datasets', identifying),
    },
  }
}

function leadsSomewhere({ hit, datasetIds }: Direct): boolean {
  return (
    datasetIds.length > 0 ||
    hit.kind === 'did' ||
    hit.kind === 'handle' ||
    hit.kind === 'at-uri' ||
    hit.kind === 'magnet'
  )
}

function directTerms({ hit, datasetIds }: Direct): string[][] {
  if (hit.kind === 'did' || hit.kind === 'handle') return [[`author:${hit.did}`]]
  return datasetIds.length === 0 ? [['none:']] : []
}

/** Each filter as the terms of which a row must have one. */
function filterAlternatives(parameters: DatasetSearch, everyJudge: boolean): string[][] {
  const any = (field: string, values: readonly string[] | undefined) =>
    values?.length ? [values.map((value) => filterTerm(field, storable(value)))] : []
  return [
    ...(parameters.keyword ?? []).map((keyword) => [filterTerm('keyword', storable(keyword))]),
    ...any('publisher', parameters.publisher ? [parameters.publisher] : undefined),
    ...any('license', parameters.license ? [parameters.license] : undefined),
    ...(everyJudge ? [...any('risk', parameters.risk), ...any('scarcity', parameters.scarcity)] : []),
    // A keyword that names a format counts: many catalogues have no other place for it.
    ...(parameters.format
      ? [
          [
            filterTerm('format', storable(parameters.format)),
            filterTerm('keyword', storable(parameters.format)),
          ],
        ]
      : []),
  ]
}

function checksOf(parameters: DatasetSearch, clauses: readonly Clause[], everyJudge: boolean): Check[] {
  const torrent = atLeastOne('torrent_count', 'torrents')
  const { hasTorrent } = parameters
  return [
    ...hasConditions(clauses, { torrent, seeder: atLeastOne('seeders', 'seeders') }),
    ...(hasTorrent === undefined ? [] : [hasTorrent ? torrent.has : torrent.hasNot]),
    ...between('seeders', parameters.minSeeders, parameters.maxSeeders),
    ...between('size_bytes', parameters.minSizeBytes, parameters.maxSizeBytes),
    ...(everyJudge ? goneBefore(parameters.goneBefore) : []),
    ...during('created_at', parameters.createdAfter, parameters.createdBefore),
    ...during('indexed_at', parameters.indexedAfter, parameters.indexedBefore),
  ]
}

const dayMs = 86_400_000

function goneBefore(instant: string | undefined): Check[] {
  const gone = instantOf(instant)
  if (gone === undefined) return []
  return [
    {
      holds: (alias) => sql`${column(alias, 'deadline')} < ${gone}::timestamptz::date`,
      test: {
        kind: 'range',
        column: 'deadline',
        min: -Infinity,
        max: Math.floor(Date.parse(gone) / dayMs) - 1,
      },
    },
  ]
}
