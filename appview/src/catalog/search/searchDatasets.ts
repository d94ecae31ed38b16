import { type SQL, sql } from 'drizzle-orm'
import { anyOf, type Db, rows, storable } from '../sql.ts'
import { boundedCandidates, type CandidateChoice } from './candidates.ts'
import { baseOf } from './codes.ts'
import {
  between,
  during,
  hasConditions,
  identityOf,
  instantOf,
  resolveAuthorClauses,
  resolveAuthors,
} from './conditions.ts'
import type { Corpus, Sort } from './corpus.ts'
import { type Direct, findDirect } from './direct.ts'
import { filterTerm } from './impacts.ts'
import { idNeed, termNeed } from './needs.ts'
import { type Clause, parseQuery } from './query.ts'
import { type Alias, column } from './row-terms.ts'
import { type SearchRequest, search } from './search.ts'
import { SearchError } from './search-error.ts'
import type { SearchSummary } from './search-results.ts'
import { summaryOf } from './summary.ts'

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
 * Searches visible datasets, one hit a group, in order. By relevance the best 1,500 to 12,000 are listed, and no more; the
 * other orders list everything. `hitsTotal` and the facets are exact where something asked for is in at most 3,000 records.
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
  const outcome = await db.transaction((tx) => search(tx as Db, request.corpus, request.search), {
    accessMode: 'read only',
  })
  return {
    hits: outcome.rows.map(({ id, uri, group }) => ({ id, uri, groupId: group })),
    ...summaryOf(outcome, parameters.q ?? '', request.search.clauses),
    ...(direct && { direct: direct.hit }),
  }
}

const facets = {
  keyword: (alias) => sql`SELECT unnest(${column(alias, 'keywords')})`,
  publisher: (alias) => oneOf(alias, 'publisher'),
  license: (alias) => oneOf(alias, 'license'),
  risk: (alias) => sql`SELECT unnest(${column(alias, 'risks')})`,
  scarcity: (alias) => sql`SELECT unnest(${column(alias, 'scarcities')})`,
  format: (alias) => sql`SELECT unnest(${column(alias, 'formats')})`,
  author: (alias) => oneOf(alias, 'did'),
  hasTorrent: (alias) => sql`SELECT (${column(alias, 'torrent_count')} > 0)::text`,
} satisfies Corpus['facets']

const sorts = {
  newest: { key: (alias) => column(alias, 'created_at'), type: 'timestamptz', descending: true },
  'risk-deadline': {
    key: (alias) => sql`coalesce(${column(alias, 'deadline')}, 'infinity')`,
    type: 'date',
    descending: false,
  },
  'fewest-seeders': {
    key: (alias) => sql`coalesce(${column(alias, 'seeders')}, 2147483647)`,
    type: 'bigint',
    descending: false,
  },
  largest: {
    key: (alias) => sql`coalesce(${column(alias, 'size_bytes')}, -1)`,
    type: 'bigint',
    descending: true,
  },
  smallest: {
    key: (alias) => sql`coalesce(${column(alias, 'size_bytes')}, 9223372036854775807)`,
    type: 'bigint',
    descending: false,
  },
} satisfies Record<string, Sort>

const corpus: Corpus = {
  name: 'dataset',
  group: (alias) => column(alias, 'group_id'),
  phraseStands: (clause, alias) => sql`EXISTS (SELECT FROM catalog.dataset_phrases p
    WHERE p.dataset_id = ${column(alias, 'id')} AND strpos(p.phrases, ${storable(` ${clause.stems.join(' ')} `)}) > 0)`,
  // Modest: 3 % for having a torrent, 2 % more for somebody seeding it.
  boost: (alias) =>
    sql`(${column(alias, 'torrent_count')} > 0)::int * 3 + (coalesce(${column(alias, 'seeders')}, 0) > 0)::int * 2`,
  sorts,
  facets,
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
  const sort = parameters.sort ?? 'relevance'
  if (sort !== 'relevance' && !(sort in sorts)) {
    throw new SearchError('InvalidQuery', `sort is one of relevance, ${Object.keys(sorts).join(', ')}.`)
  }
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
  const { cursor, limit, facets: wanted, ...identifying } = parameters
  return {
    corpus: judges ? { ...corpus, sorts: { ...sorts, 'risk-deadline': deadlineBy(judges) } } : corpus,
    search: {
      clauses: direct && leadsSomewhere(direct) ? [] : clauses,
      filterTerms: terms.flat().map(baseOf),
      filters: (statistics) => ({
        needs: [...terms.map((names) => termNeed(names, statistics)), ...ids.map(idNeed)],
        checks: checksOf(parameters, clauses, judged === undefined),
      }),
      sort,
      facets: [...new Set(wanted ?? [])].filter((field) => field in facets),
      limit: Math.min(Math.max(limit ?? 25, 1), 100),
      cursor,
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

/**
 * Datasets that these accounts have judged as the filters ask. Undefined where nothing is asked of judgements.
 */
async function readJudged(
  db: Db,
  dids: readonly string[],
  parameters: DatasetSearch,
): Promise<number[] | undefined> {
  const { risk, scarcity, goneBefore, sort } = parameters
  if (!risk?.length && !scarcity?.length && !goneBefore && sort !== 'risk-deadline') return undefined
  const gone = instantOf(goneBefore)
  const found = await rows<{ id: number }>(
    db,
    sql`
    WITH said AS (
      SELECT subject_uri, subject_keys FROM catalog.assessment a WHERE a.visible AND a.did = ${anyOf(dids)}
        ${risk?.length ? sql`AND a.risk = ${anyOf(risk)}` : sql``}
        ${scarcity?.length ? sql`AND a.scarcity = ${anyOf(scarcity)}` : sql``}
        ${gone === undefined ? sql`` : sql`AND a.gone_before < ${gone}::timestamptz::date`}
      ORDER BY a.assessed_at DESC LIMIT 20000)
    SELECT d.id FROM said JOIN catalog.dataset d ON d.uri = said.subject_uri
    UNION
    SELECT k.dataset_id FROM said CROSS JOIN unnest(subject_keys) AS subject_key
    JOIN catalog.dataset_key k ON k.key = subject_key`,
  )
  return found.map((row) => row.id)
}

/** The earliest end that one of these accounts expects. Only for rows that they have judged. */
function deadlineBy(dids: readonly string[]): Sort {
  return {
    key: (alias) => sql`coalesce((
      SELECT min(a.gone_before) FROM catalog.assessment a WHERE a.visible AND a.did = ${anyOf(dids)}
        AND (a.subject_uri = ${column(alias, 'uri')} OR a.subject_keys && ARRAY(
          SELECT k.key FROM catalog.dataset_key k WHERE k.dataset_id = ${column(alias, 'id')}))), 'infinity')`,
    type: 'date',
    descending: false,
  }
}

function oneOf(alias: Alias, name: string): SQL {
  return sql`SELECT ${column(alias, name)} WHERE ${column(alias, name)} IS NOT NULL`
}
