import { type SQL, sql } from 'drizzle-orm'
import { type Db, storable } from '../sql.ts'
import { readOnly } from '../store/read-only.ts'
import {
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
import { type Direct, findDirect } from './query/direct.ts'
import { type Clause, parseQuery } from './query/query.ts'
import { boundedCandidates, type CandidateChoice } from './ranking/candidates.ts'
import { idNeed, termNeed } from './ranking/needs.ts'
import { type SearchRequest, search } from './ranking/search.ts'
import type { SearchSummary } from './search-results.ts'
import { summaryOf } from './summary.ts'
import { baseOf } from './terms/codes.ts'
import { filterTerm } from './terms/impacts.ts'
import { type Alias, column } from './terms/row-terms.ts'

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
 * Searches visible datasets, one hit a group, in order. By relevance the best 600 to 12,000 are listed, and no more; the
 * other orders list everything. `hitsTotal` and the facets are exact where something asked for is in at most 1,500 records.
 *
 * @throws SearchError with the lexicon's error name: InvalidQuery, InvalidCursor, AuthorNotFound.
 */
export function searchDatasets(db: Db, parameters: DatasetSearch): Promise<DatasetResults> {
  return searchWith(db, parameters, boundedCandidates)
}

/** The same with another choice of candidates, to measure what the bounded one loses. */
export async function searchWith(
  db: Db,
  parameters: DatasetSearch,
  choice: CandidateChoice,
): Promise<DatasetResults> {
  const query = parseQuery(storable(parameters.q ?? ''))
  const clauses = await resolveAuthorClauses(db, query.clauses)
  const direct = await findDirect(db, parameters.q ?? '')
  const request = await readRequest(db, parameters, { clauses, direct, choice })
  const outcome = await readOnly(db, (tx) => search(tx, request.corpus, request.search))
  return {
    hits: outcome.rows.map(({ id, uri, group }) => ({ id, uri, groupId: group })),
    ...summaryOf(outcome, parameters.q ?? '', request.search.clauses),
    ...(outcome.facets && { facets: await labelFacets(db, outcome.facets) }),
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
  {
    clauses,
    direct,
    choice,
  }: { clauses: readonly Clause[]; direct: Direct | undefined; choice: CandidateChoice },
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
      choice,
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

function checksOf(
  parameters: DatasetSearch,
  clauses: readonly Clause[],
  everyJudge: boolean,
): ((alias: Alias) => SQL)[] {
  const { hasTorrent } = parameters
  const torrent = (alias: Alias) => sql`${column(alias, 'torrent_count')} > 0`
  const gone = everyJudge ? instantOf(parameters.goneBefore) : undefined
  return [
    ...hasConditions(clauses, {
      torrent,
      seeder: (alias) => sql`coalesce(${column(alias, 'seeders')}, 0) > 0`,
    }),
    ...(hasTorrent === undefined ? [] : [(alias: Alias) => sql`(${torrent(alias)}) = ${hasTorrent}`]),
    ...between('seeders', parameters.minSeeders, parameters.maxSeeders),
    ...between('size_bytes', parameters.minSizeBytes, parameters.maxSizeBytes),
    ...(gone === undefined
      ? []
      : [(alias: Alias) => sql`${column(alias, 'deadline')} < ${gone}::timestamptz::date`]),
    ...during('created_at', parameters.createdAfter, parameters.createdBefore),
    ...during('indexed_at', parameters.indexedAfter, parameters.indexedBefore),
  ]
}
