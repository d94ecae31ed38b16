/** Makes SQL of conditions, scores, boosts and orders. No other file does. */
import { type SQL, sql } from 'drizzle-orm'
import { needsHelp } from '../../catalog/derive/wanted-torrents.ts'
import { isInItsMetainfo } from '../../catalog/named-addresses.ts'
import { shown } from '../../catalog/shown.ts'
import { allTerm, baseOf } from '../../search-terms/codes.ts'
import { pairTerm } from '../../search-terms/impacts.ts'
import {
  type Alias,
  anyCode,
  column,
  hasCode,
  hasTerm,
  int,
  termScore,
} from '../../search-terms/row-terms.ts'
import type { CorpusName } from '../../search-terms/term-statistics.ts'
import { stopWords } from '../../search-terms/words.ts'
import { anyIdOf, anyOf, storable } from '../../store/sql.ts'
import type { Condition, Filter, Phrase, RequiredTerm } from '../plan/conditions.ts'
import type { Corpus } from '../plan/corpora.ts'
import type { PageRequest } from '../plan/engine.ts'
import { enoughOf, hintPresence, pairImpact, wantsAll, wordPresence } from '../plan/matching.ts'
import { hasWord, type ParsedQuery, type Word } from '../plan/parsed-query.ts'
import { keyTypeOf, orderKeys, type Sort } from '../plan/sorts.ts'

/** The row that an expression is about. */
export interface Row {
  readonly corpus: CorpusName
  readonly alias: Alias
}

/** The names of columns in the tables. */
const columnNames = {
  created: 'created_at',
  indexed: 'indexed_at',
  deadline: 'deadline',
  seeders: 'seeders',
  size: 'size_bytes',
  torrents: 'torrent_count',
} as const

function columnOf(alias: Alias, name: keyof typeof columnNames): SQL {
  return column(alias, columnNames[name])
}

/** Makes a condition that the index of codes, or of ids, answers. */
export function lookUp(term: RequiredTerm, alias: Alias): SQL {
  switch (term.kind) {
    case 'word':
      return anyCode(alias, [term.base])
    case 'any-term':
      return anyCode(alias, term.bases)
    case 'any-row':
      return isAmong(term.ids, alias)
    case 'every-row':
      return anyCode(alias, [allTerm])
  }
}

/** Makes a condition that is checked in a row that was found by something else. */
export function holds(condition: Condition, row: Row): SQL {
  const { alias } = row
  switch (condition.kind) {
    case 'word':
      return hasTerm(alias, condition.base)
    case 'any-term':
      return hasAny(condition.bases, alias)
    case 'any-row':
      return isAmong(condition.ids, alias)
    case 'every-row':
      return sql`true`
    case 'phrase':
      return hasPhrase(condition, row)
    default:
      return passes(condition, row)
  }
}

function passes(filter: Filter, row: Row): SQL {
  const { alias } = row
  switch (filter.kind) {
    case 'excluded-word':
      return sql`NOT ${hasTerm(alias, filter.base)}`
    case 'excluded-terms':
      return sql`NOT ${filter.share === 'any' ? hasAny(filter.bases, alias) : hasAll(filter.bases, alias)}`
    case 'excluded-phrase':
      return sql`NOT ${hasPhrase(filter.phrase, row)}`
    case 'range':
      return within(columnOf(alias, filter.column), filter)
    case 'at-least-one': {
      const some = sql`(coalesce(${columnOf(alias, filter.column)}, 0) > 0)`
      return filter.is ? some : sql`NOT ${some}`
    }
    case 'created':
    case 'indexed':
      return during(columnOf(alias, filter.kind), filter)
    case 'gone-before':
      return sql`${columnOf(alias, 'deadline')} < ${filter.before}::timestamptz::date`
    case 'metainfo-status':
      return sql`${column(alias, 'metainfo_status')} = ${storable(filter.status)}`
    case 'webseed':
      return sql`${hasWebseed(alias)} = ${filter.is}`
    case 'needs-seeders':
      return sql`${needsHelp(alias)} = ${filter.is}`
  }
}

function hasAny(bases: readonly number[], alias: Alias): SQL {
  return or(bases.map((base) => hasCode(alias, base)))
}

function hasAll(bases: readonly number[], alias: Alias): SQL {
  return bases.length === 0 ? sql`false` : and(bases.map((base) => hasCode(alias, base)))
}

function isAmong(ids: readonly number[], alias: Alias): SQL {
  return sql`${column(alias, 'id')} = ${anyIdOf(ids)}`
}

function within(value: SQL, { min, max }: { min?: number | undefined; max?: number | undefined }): SQL {
  return and([
    ...(min === undefined ? [] : [sql`${value} >= ${min}::bigint`]),
    ...(max === undefined ? [] : [sql`${value} <= ${max}::bigint`]),
  ])
}

function during(
  value: SQL,
  { from, before }: { from?: string | undefined; before?: string | undefined },
): SQL {
  return and([
    ...(from === undefined ? [] : [sql`${value} >= ${from}::timestamptz`]),
    ...(before === undefined ? [] : [sql`${value} < ${before}::timestamptz`]),
  ])
}

function hasPhrase({ words, stems }: Phrase, { corpus, alias }: Row): SQL {
  if (corpus === 'dataset')
    return sql`EXISTS (SELECT FROM catalog.dataset_phrases p
      WHERE p.dataset_id = ${column(alias, 'id')} AND strpos(p.phrases, ${storable(` ${stems.join(' ')} `)}) > 0)`
  // The text of a torrent is not stored, because it may be long. Neighboring words are indexed, so each pair is checked.
  const indexed = stems.filter((_, i) => !stopWords.has(words[i]!))
  return and(indexed.slice(1).map((stem, i) => hasCode(alias, baseOf(pairTerm(indexed[i]!, stem)))))
}

/** Whether a webseed is named by the record itself, by anybody afterwards, or by the metainfo. */
export function hasWebseed(alias: Alias): SQL {
  return sql`(${column(alias, 'names_web_seeds')}
    OR EXISTS (SELECT FROM catalog.webseed w WHERE ${shown('w')} AND w.info_hash_v1 = ${column(alias, 'info_hash_v1')})
    OR EXISTS (SELECT FROM catalog.webseed w WHERE ${shown('w')} AND w.info_hash_v2 = ${column(alias, 'info_hash_v2')})
    OR EXISTS (SELECT FROM local.probe p
      WHERE p.subject = coalesce(${column(alias, 'info_hash_v2')}, ${column(alias, 'info_hash_v1')})
        AND p.detail ? 'metainfo' AND ${isInItsMetainfo(alias)}))`
}

/** The condition that a row matches the query and the filters. */
export function matchesOf({ query, mode, request }: PageRequest, row: Row): SQL {
  const { words } = query
  const rest = [...query.required, ...query.phrases, ...request.filters].map((one) => holds(one, row))
  if (wantsAll(query, mode)) return and([...words.map((word) => holds(hasWord(word), row)), ...rest])
  const enough = enoughOf(query, mode)
  if (enough === 0) return and(rest)
  const weights = words.map((word) => sql`${holds(hasWord(word), row)}::int * ${int(word.weight)}`)
  return and([sql`${sql.join(weights, sql` + `)} >= ${int(enough)}`, ...rest])
}

/** The expression whose value is the same for all rows of one card. */
export function cardOf({ corpus, alias }: Row): SQL {
  return column(alias, corpus === 'dataset' ? 'group_id' : 'id')
}

/** The expression that a sort compares. The schema has an index on each that consists of columns only. */
export function keyOf(
  sort: Sort,
  { corpus, query, alias }: { corpus: Corpus; query: ParsedQuery; alias: Alias },
): SQL {
  switch (sort.by) {
    case 'relevance':
      return scoreOf(corpus, query, alias)
    case 'column': {
      const value = columnOf(alias, sort.column)
      if (sort.column === 'created') return value
      const absent = keyTypeOf(sort) === 'bigint' ? sort.absent : `'${sort.absent}'`
      return sql`coalesce(${value}, ${sql.raw(absent)})`
    }
    case 'judged-end':
      return sql`coalesce((
        SELECT min(a.gone_before) FROM catalog.assessment a WHERE ${shown('a')} AND a.did = ${anyOf(sort.judges)}
          AND (a.subject_uri = ${column(alias, 'uri')} OR a.subject_keys && ARRAY(
            SELECT k.key FROM catalog.dataset_key k WHERE k.dataset_id = ${column(alias, 'id')}))), ${sql.raw(`'${sort.absent}'`)})`
  }
}

function scoreOf(corpus: Corpus, { words, hints, pairs }: ParsedQuery, alias: Alias): SQL {
  const termOf = (presence: number) => (word: Word) =>
    termScore(alias, word.base, { weight: word.weight, presence })
  const terms = [
    ...words.map(termOf(wordPresence)),
    ...hints.map(termOf(hintPresence)),
    ...pairs.map((pair) => sql`${hasCode(alias, pair.base)}::int * ${int(pair.weight * pairImpact)}`),
  ]
  const boosts = corpus.boosts.map(
    ({ percent, where }) => sql`${holds(where, { corpus: corpus.name, alias })}::int * ${int(percent)}`,
  )
  if (terms.length === 0) return sql`0::bigint`
  return sql`((${sql.join(terms, sql` + `)}) * (${sql.join([int(100), ...boosts], sql` + `)}))::bigint`
}

/** The expressions that a listing is ordered by (`orderKeys`). */
export type OrderExpressions = Readonly<Record<(typeof orderKeys)[number], SQL>>

export function orderBy({ descending }: Pick<Sort, 'descending'>, expressions: OrderExpressions): SQL {
  const direction = sql.raw(descending ? 'DESC' : 'ASC')
  return sql.join(
    orderKeys.map((name) => sql`${expressions[name]} ${direction}`),
    sql`, `,
  )
}

/** The condition that one place in a listing comes after another. */
export function comesAfter(
  { descending }: Pick<Sort, 'descending'>,
  one: OrderExpressions,
  other: OrderExpressions,
): SQL {
  const listed = (place: OrderExpressions) =>
    sql.join(
      orderKeys.map((name) => place[name]),
      sql`, `,
    )
  return sql`(${listed(one)}) ${sql.raw(descending ? '<' : '>')} (${listed(other)})`
}

export function and(conditions: readonly SQL[]): SQL {
  return conditions.length === 0 ? sql`true` : sql`(${sql.join([...conditions], sql` AND `)})`
}

function or(conditions: readonly SQL[]): SQL {
  return conditions.length === 0 ? sql`false` : sql`(${sql.join([...conditions], sql` OR `)})`
}
