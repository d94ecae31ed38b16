import { sql } from 'drizzle-orm'
import { type Db, rows, storable } from '../../sql.ts'
import { readOnly } from '../../store/read-only.ts'
import { beginSearch } from '../ranking/planner.ts'
import { baseOf, codesFrom } from '../terms/codes.ts'
import type { VocabularyKind } from '../terms/dataset-terms.ts'
import { anyCode, hasCode, int, termScore } from '../terms/row-terms.ts'
import { allTerm, readTermStatistics } from '../terms/statistics.ts'
import { codesText } from '../terms/term-writes.ts'
import { fold, stemOf, wordsOf } from './words.ts'

/** `suggest#suggestion` */
export interface Suggestion {
  text: string
  kind: 'dataset' | 'keyword' | 'publisher' | 'person' | 'author'
  uri?: string
  did?: string
  count?: number
}

/**
 * Completions of what is being typed: names that begin so, accounts, then datasets whose titles have all the words, the
 * last as a beginning. Each leads to a visible dataset. `limit` is at most 20.
 */
export async function suggest(db: Db, q: string, limit = 8): Promise<Suggestion[]> {
  const typed = fold(storable(q.slice(0, 200)))
    .replaceAll(/\s+/g, ' ')
    .trimStart()
  if (wordsOf(typed).length === 0) return []
  const most = Math.min(Math.max(limit, 1), 20)
  return readOnly(db, async (tx) => {
    await beginSearch(tx)
    const titles = await suggestDatasets(tx, typed, most)
    const accounts = await suggestAccounts(tx, typed.trim(), 2)
    const names = await suggestNames(tx, typed.trimEnd(), most)
    const room = Math.max(Math.ceil(most / 2), most - titles.length - accounts.length)
    return unique([...names.slice(0, room), ...accounts, ...titles]).slice(0, most)
  })
}

function unique(suggestions: readonly Suggestion[]): Suggestion[] {
  const seen = new Map<string, Suggestion>()
  for (const suggestion of suggestions) {
    const key = `${suggestion.kind === 'dataset' ? 'dataset' : 'name'} ${fold(suggestion.text)}`
    if (!seen.has(key)) seen.set(key, suggestion)
  }
  return [...seen.values()]
}

interface Entry extends Record<string, unknown> {
  kind: VocabularyKind
  text: string
  base: number
  records: number | null
}

/** Keywords, publishers and people, those of the most datasets first. */
async function suggestNames(tx: Db, prefix: string, limit: number): Promise<Suggestion[]> {
  const known = await rows<Entry>(
    tx,
    sql`
    SELECT v.kind, v.text, v.base, s.records FROM ${beginning(prefix)} v
    JOIN catalog.term_statistics s ON s.corpus = 'dataset' AND s.base = v.base
    WHERE v.kind <> 'word' ORDER BY s.records DESC, v.key LIMIT ${int(2 * limit)}`,
  )
  // Names in few records are not in the statistics of a large catalogue.
  const rare =
    known.length >= limit || prefix.length < 3
      ? []
      : await rows<Entry>(
          tx,
          sql`
    SELECT v.kind, v.text, v.base, NULL::int AS records FROM ${beginning(prefix)} v WHERE v.kind <> 'word' LIMIT ${int(4 * limit)}`,
        )
  const leading = await basesInUse(
    tx,
    [...known, ...rare].map((entry) => entry.base),
  )
  return [...known, ...rare]
    .filter((entry) => leading.has(entry.base))
    .map(
      ({ kind, text, records }): Suggestion => ({
        kind: kind as Exclude<VocabularyKind, 'word'>,
        text,
        ...(records !== null && { count: records }),
      }),
    )
}

/** Which of these terms a visible dataset has: the vocabulary also holds the words of hidden ones. */
async function basesInUse(tx: Db, bases: readonly number[]): Promise<Set<number>> {
  if (bases.length === 0) return new Set()
  const found = await rows<{ base: number }>(
    tx,
    sql`
    SELECT base FROM unnest(${codesText([...new Set(bases)])}::bigint[]) AS base
    WHERE EXISTS (SELECT FROM catalog.dataset d WHERE d.visible::int = 1 AND d.codes && ARRAY[base])`,
  )
  return new Set(found.map((row) => row.base))
}

async function suggestAccounts(tx: Db, prefix: string, limit: number): Promise<Suggestion[]> {
  const handle = prefix.replace(/^@/, '')
  if (handle.length < 2 || handle.includes(' ')) return []
  const found = await rows<{ did: string; handle: string }>(
    tx,
    sql`
    SELECT a.did, a.handle FROM catalog.account a
    WHERE starts_with(a.handle, ${handle}) AND EXISTS (SELECT FROM catalog.dataset d WHERE d.did = a.did AND d.visible)
    ORDER BY length(a.handle), a.handle LIMIT ${int(limit)}`,
  )
  return found.map((row) => ({ kind: 'author', text: row.handle, did: row.did }))
}

/** Words that the last one may become. */
const completionsTried = 8

async function suggestDatasets(tx: Db, typed: string, limit: number): Promise<Suggestion[]> {
  const words = wordsOf(typed)
  const open = typed.endsWith(' ') ? undefined : words.pop()
  const stems = words.map(stemOf)
  const endings = open === undefined ? [] : await completionsOf(tx, open)
  const fixed = stems.map((stem) => baseOf(`title:${stem}`))
  const endingStems = [...new Set(endings.map(stemOf))]
  const ending = endingStems.map((stem) => baseOf(`title:${stem}`))
  const statistics = await readTermStatistics(tx, 'dataset', [...fixed, allTerm])
  const rarest = fixed.toSorted((a, b) => statistics.of(a).records - statistics.of(b).records)[0]
  const lookUp =
    ending.length > 0 && rarest === undefined ? titleBands(endingStems) : [rarest ?? ending[0] ?? allTerm]
  const conditions = [
    ...fixed.map((base) => hasCode('d', base)),
    ...(open === undefined
      ? []
      : [sql`(${sql.join([sql`false`, ...ending.map((base) => hasCode('d', base))], sql` OR `)})`]),
  ]
  // No word of this index begins so: nothing is left to look for.
  if (open !== undefined && endingStems.length === 0) return []
  const scores = [...stems, ...endingStems].map((stem) => termScore('d', baseOf(stem), 1))
  const found = await rows<{ uri: string; title: string }>(
    tx,
    sql`
    WITH candidate AS MATERIALIZED (
      SELECT d.id, d.uri, d.title, d.group_id, ${sql.join(scores, sql` + `)} AS score FROM catalog.dataset d
      WHERE d.visible::int = 1 AND ${anyCode('d', lookUp)} AND ${sql.join(conditions, sql` AND `)} LIMIT 2000)
    SELECT uri, title FROM (SELECT DISTINCT ON (group_id) * FROM candidate ORDER BY group_id, score DESC, id DESC) AS best
    ORDER BY score DESC, id DESC LIMIT ${int(limit)}`,
  )
  return found.map((row) => ({ kind: 'dataset', text: row.title, uri: row.uri }))
}

/** Titles give a word its upper impacts: half of them or more. */
function titleBands(stems: readonly string[]): number[] {
  return stems.flatMap((stem) => codesFrom(baseOf(stem), 32))
}

/** The commonest words that begin so. */
async function completionsOf(tx: Db, prefix: string): Promise<string[]> {
  const common = await rows<{ key: string }>(
    tx,
    sql`
    SELECT v.key FROM ${beginning(prefix)} v JOIN catalog.term_statistics s ON s.corpus = 'dataset' AND s.base = v.base
    WHERE v.kind = 'word' ORDER BY v.key = ${prefix} DESC, s.records DESC LIMIT ${int(completionsTried)}`,
  )
  if (common.length > 0) return common.map((row) => row.key)
  const rare = await rows<{ key: string }>(
    tx,
    sql`
    SELECT v.key FROM ${beginning(prefix)} v WHERE v.kind = 'word' ORDER BY length(v.key) LIMIT ${int(completionsTried)}`,
  )
  return rare.map((row) => row.key)
}

/** Entries of the vocabulary that begin with a folded text; of a single letter only some. */
function beginning(prefix: string) {
  return sql`(SELECT * FROM catalog.vocabulary WHERE kind = ANY ('{word,keyword,publisher,person}')
    AND key >= ${prefix} AND key < ${`${prefix}\u{10ffff}`} LIMIT 20000)`
}
