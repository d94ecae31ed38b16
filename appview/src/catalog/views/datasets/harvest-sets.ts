/**
 * The sets to which a harvest can be limited: by the risk, publisher and keywords in the dataset record, as in the filters of
 * the search. Assessments by others are not used, because they do not count as changes of the dataset.
 */
import { type SQL, sql } from 'drizzle-orm'
import { baseOf } from '../../../search-terms/codes.ts'
import { filterTerm } from '../../../search-terms/impacts.ts'
import { anyCode, hasCode } from '../../../search-terms/row-terms.ts'
import { readTermStatistics } from '../../../search-terms/statistics.ts'
import { type Db, recordset, rows } from '../../../store/sql.ts'
import { mapInTurns } from '../../../threads/turns.ts'
import { shownByCode } from '../../shown.ts'

/** The kinds of sets whose names come from records, so that they are listed in pages; in alphabetical order. */
const namedKinds = ['keyword', 'publisher'] as const
export const harvestSetKinds = ['risk', ...namedKinds] as const

export interface HarvestSet {
  kind: (typeof harvestSetKinds)[number]
  /** The value in the folded form that the search compares. */
  value: string
}

/** The columns of a dataset that determine its sets. */
export interface SetColumns {
  risk: string
  publisher: string | null
  keywords: string[]
}

/** The risks that are sets; `unknown` is not one. */
const riskLevels: readonly string[] = ['watchlist', 'endangered', 'takedown-issued', 'extinct']
/** The longest name that the vocabulary stores. */
const longestName = 199

/** The set of a kind for a value; undefined for a value that has no set. */
export function harvestSetOf(kind: HarvestSet['kind'], name: string): HarvestSet | undefined {
  const value = filterTerm(kind, name).slice(kind.length + 1)
  const isOne = kind === 'risk' ? riskLevels.includes(value) : value !== '' && value.length <= longestName
  return isOne ? { kind, value } : undefined
}

/** The sets of a dataset. Gives way to the event loop, since a record may have thousands of keywords. */
export async function setsOf({ risk, publisher, keywords }: SetColumns): Promise<HarvestSet[]> {
  const sets = [
    harvestSetOf('risk', risk),
    ...(publisher === null ? [] : [harvestSetOf('publisher', publisher)]),
    ...(await mapInTurns(keywords, (keyword) => harvestSetOf('keyword', keyword))),
  ].filter((set) => set !== undefined)
  return [...new Map(sets.map((set) => [`${set.kind} ${set.value}`, set])).values()]
}

/**
 * The condition that the dataset `d` is in a set. For a set of few datasets it uses the index; for a set of many it is
 * checked row by row, since then the next `pageSize` rows are soon found in any order.
 */
export async function readSetCondition(db: Db, { kind, value }: HarvestSet, pageSize: number): Promise<SQL> {
  const base = baseOf(`${kind}:${value}`)
  const statistics = await readTermStatistics(db, 'dataset', [base])
  const isOfMany = statistics.of(base).records ** 2 > pageSize * statistics.records
  const own = kind === 'risk' ? sql`AND d.risk = ${value}` : sql``
  return isOfMany
    ? sql`${hasCode('d', base)} ${own}`
    : sql`${shownByCode('d')} AND ${anyCode('d', [base])} ${own}`
}

export interface NamedSet extends HarvestSet {
  /** The name as one of the records writes it. */
  name: string
}

/** A position: the kind and value of the last set of a page. */
export type SetPosition = readonly [kind: (typeof namedKinds)[number], value: string]

export function isSetPosition(position: readonly [string, string]): position is SetPosition {
  return (namedKinds as readonly string[]).includes(position[0])
}

/** Reads a page of the sets that visible datasets are in. `next` is absent only on the last page; others may be empty too. */
export async function readHarvestSets(
  db: Db,
  { after, limit }: { after?: SetPosition | undefined; limit: number },
): Promise<{ sets: NamedSet[]; next?: SetPosition }> {
  const [kind, value] = after ?? [namedKinds[0], '']
  const risks = after ? [] : await readRisks(db)
  const kinds = namedKinds.filter((each) => each >= kind)
  const entries = kinds.map((each) => entriesOf(each, { after: each === kind ? value : '', limit }))
  const found = await rows<NamedEntry>(
    db,
    sql`
    SELECT v.kind, v.key AS value, v.text AS name, EXISTS (
      SELECT FROM catalog.dataset d WHERE ${shownByCode('d')} AND d.codes && ARRAY[v.base]) AS used
    FROM (SELECT * FROM (${sql.join(entries, sql` UNION ALL `)}) AS entry ORDER BY kind, key LIMIT ${limit}) AS v ORDER BY v.kind, v.key`,
  )
  const last = found.at(-1)
  const named = found.flatMap((entry) => {
    const set = entry.used ? harvestSetOf(entry.kind, entry.value) : undefined
    return set ? [{ ...set, name: entry.name }] : []
  })
  return {
    sets: [...risks, ...named],
    ...(found.length === limit && last && { next: [last.kind, last.value] as const }),
  }
}

interface NamedEntry extends Record<string, unknown> {
  kind: (typeof namedKinds)[number]
  value: string
  name: string
  /** Whether a visible dataset is in the set. */
  used: boolean
}

function entriesOf(kind: string, { after, limit }: { after: string; limit: number }): SQL {
  return sql`(
    SELECT kind, key, text, base FROM catalog.vocabulary
    WHERE kind = ${kind} AND key > ${after} ORDER BY key LIMIT ${limit})`
}

async function readRisks(db: Db): Promise<NamedSet[]> {
  const input = riskLevels.map((value) => ({ value, base: baseOf(filterTerm('risk', value)) }))
  const used = await rows<{ value: string }>(
    db,
    sql`SELECT value FROM ${recordset(input, 'value text, base bigint')} WHERE EXISTS (
          SELECT FROM catalog.dataset d WHERE ${shownByCode('d')} AND d.codes && ARRAY[base] AND d.risk = value)`,
  )
  const isUsed = new Set(used.map((row) => row.value))
  return riskLevels
    .filter((value) => isUsed.has(value))
    .map((value) => ({ kind: 'risk', value, name: value }))
}
