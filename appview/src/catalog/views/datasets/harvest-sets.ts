/**
 * What a harvest can be limited to: the risk that describers see, their publishers and their keywords, as the search
 * filters by them. What others judge is left aside: a judgement does not change when a dataset last changed.
 */
import { type SQL, sql } from 'drizzle-orm'
import { baseOf } from '../../search/terms/codes.ts'
import { filterTerm } from '../../search/terms/impacts.ts'
import { anyCode, hasCode } from '../../search/terms/row-terms.ts'
import { readTermStatistics } from '../../search/terms/statistics.ts'
import { type Db, recordset, rows } from '../../sql.ts'

/** The kinds whose sets are named by records, and so are listed by the page; in the order of their names. */
const namedKinds = ['keyword', 'publisher'] as const
export const harvestSetKinds = ['risk', ...namedKinds] as const

export interface HarvestSet {
  kind: (typeof harvestSetKinds)[number]
  /** Folded, as the search compares it. */
  value: string
}

/** The columns that tell of a dataset what sets it is in. */
export interface SetColumns {
  risk: string
  publisher: string | null
  keywords: string[]
}

/** To know of no risk is not to be of a kind. */
const riskLevels: readonly string[] = ['watchlist', 'endangered', 'takedown-issued', 'extinct']
/** The vocabulary keeps no more of a name. */
const longestName = 199

/** The set of one kind that a value puts a dataset in; undefined for one that has none. */
export function harvestSetOf(kind: HarvestSet['kind'], name: string): HarvestSet | undefined {
  const value = filterTerm(kind, name).slice(kind.length + 1)
  const isOne = kind === 'risk' ? riskLevels.includes(value) : value !== '' && value.length <= longestName
  return isOne ? { kind, value } : undefined
}

/** The sets a dataset is in. */
export function setsOf({ risk, publisher, keywords }: SetColumns): HarvestSet[] {
  const sets = [
    harvestSetOf('risk', risk),
    ...(publisher === null ? [] : [harvestSetOf('publisher', publisher)]),
    ...keywords.map((keyword) => harvestSetOf('keyword', keyword)),
  ].filter((set) => set !== undefined)
  return [...new Map(sets.map((set) => [`${set.kind} ${set.value}`, set])).values()]
}

/**
 * The condition that a dataset, `d`, is in a set: by the index for a set of few datasets, row by row for one of many, of
 * which the next page of so many stands close by whatever the order.
 */
export async function readSetCondition(db: Db, { kind, value }: HarvestSet, pageSize: number): Promise<SQL> {
  const base = baseOf(`${kind}:${value}`)
  const statistics = await readTermStatistics(db, 'dataset', [base])
  const isOfMany = statistics.of(base).records ** 2 > pageSize * statistics.records
  const own = kind === 'risk' ? sql`AND d.risk = ${value}` : sql``
  return isOfMany
    ? sql`${hasCode('d', base)} ${own}`
    : sql`d.visible::int = 1 AND ${anyCode('d', [base])} ${own}`
}

export interface NamedSet extends HarvestSet {
  /** As somebody wrote it. */
  name: string
}

/** Kind and value of the last set of a page. */
export type SetPosition = readonly [kind: (typeof namedKinds)[number], value: string]

export function isSetPosition(position: readonly [string, string]): position is SetPosition {
  return (namedKinds as readonly string[]).includes(position[0])
}

/** A page of the sets that visible datasets are in. `next` is absent on the last page; a page may be empty before it. */
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
      SELECT FROM catalog.dataset d WHERE d.visible::int = 1 AND d.codes && ARRAY[v.base]) AS used
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
  /** By a visible dataset. */
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
          SELECT FROM catalog.dataset d WHERE d.visible::int = 1 AND d.codes && ARRAY[base] AND d.risk = value)`,
  )
  const isUsed = new Set(used.map((row) => row.value))
  return riskLevels
    .filter((value) => isUsed.has(value))
    .map((value) => ({ kind: 'risk', value, name: value }))
}
