/**
 * Counts in how many visible records each term occurs. By this a rare word weighs more than a common one, and the search
 * knows which word to look up first. The count is over a sample large enough for both, so its cost does not grow with the
 * catalog, and nothing is counted while records are written. Without it results are right, only slower and less well sorted.
 */
import { type SQL, sql } from 'drizzle-orm'
import { type Db, preparedRows, rows } from '../store/sql.ts'
import { allTerm, levels, sampleCode, sampleRates } from './codes.ts'
import { int } from './row-terms.ts'
import type { CorpusName, TermStatistics } from './term-statistics.ts'
import { codesText } from './term-writes.ts'

/** The least number of records in a sample; in smaller catalogs all records are counted. */
const smallestSample = 2_500
/** Terms in at least this many records are searched from their highest impacts downwards. */
const histogramFrom = 1_000

/** Terms are counted again once one in this many records has been written or removed. */
const worthCountingShare = 50
/** The key of an advisory lock (any fixed number), so that only one of several processes counts at a time. */
const countingLock = 4_653_002

/** Counts again in any case, as after a rebuild. It takes about a second. */
export async function refreshSearchStatistics(db: Db): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${countingLock})`)
    await refreshAll(tx as Db)
  })
}

/**
 * Counts again if enough has changed since the last count, or if there was none in this epoch; to be called every minute.
 * Resolves with whether it counted; false also while another process counts.
 */
export async function refreshSearchStatisticsIfDue(db: Db): Promise<boolean> {
  if (!(await isDue(db))) return false
  return db.transaction(async (tx) => {
    const [lock] = await rows<{ held: boolean }>(
      tx as Db,
      sql`SELECT pg_try_advisory_xact_lock(${countingLock}) AS held`,
    )
    if (!lock?.held || !(await isDue(tx as Db))) return false
    await refreshAll(tx as Db)
    return true
  })
}

/**
 * Reads the statistics of these terms. A term that does not occur in the sample counts as rare. `beside` are further
 * columns to select in the same statement.
 */
export async function readTermStatistics(
  db: Db,
  corpus: CorpusName,
  bases: readonly number[],
  beside?: SQL,
): Promise<TermStatistics> {
  const found = await preparedRows<{ base: number | null; records: number; above: number[] | null }>(
    db,
    sql`SELECT s.base, s.records, to_jsonb(s.above) AS above FROM (SELECT ${beside ?? sql`1`}) AS beside
        LEFT JOIN catalog.term_statistics s
          ON s.corpus = ${corpus} AND s.base = ANY (${codesText([allTerm, ...bases])}::bigint[])`,
  )
  const known = new Map(found.map((row) => [row.base, row]))
  const records = known.get(allTerm)?.records ?? 0
  const unseen = { records: Math.max(1, Math.round(records / smallestSample / 8)), above: null }
  return { records, has: (base) => known.has(base), of: (base) => known.get(base) ?? unseen }
}

/** Judges by the stream of records, to which every change of what is visible is appended. */
async function isDue(db: Db): Promise<boolean> {
  const [row] = await rows<{ due: boolean }>(
    db,
    sql`SELECT counted.value ->> 'epoch' IS DISTINCT FROM stream.epoch
          OR stream.seq - (counted.value ->> 'seq')::bigint > (
            SELECT coalesce(sum(s.records), 0) FROM catalog.term_statistics s WHERE s.base = ${allTerm}::bigint) / ${int(worthCountingShare)} AS due
        FROM local.stream stream LEFT JOIN local.setting counted ON counted.name = ${countedSetting}
        WHERE stream.name = 'records' AND stream.seq > 0`,
  )
  return row?.due ?? false
}

const countedSetting = 'searchStatistics'

async function refreshAll(tx: Db): Promise<void> {
  await tx.execute(sql`
    INSERT INTO local.setting (name, value)
    SELECT ${countedSetting}, jsonb_build_object('epoch', epoch, 'seq', seq) FROM local.stream WHERE name = 'records'
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
  for (const corpus of ['dataset', 'torrent'] as const) await refreshCorpus(tx, corpus)
}

async function refreshCorpus(tx: Db, corpus: CorpusName): Promise<void> {
  await tx.execute(sql`SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)`)
  const table = sql.raw(`catalog.${corpus}`)
  const rate = await chooseRate(tx, table)
  const sample = rate === 1 ? sql`` : sql`AND r.codes && ARRAY[${int(sampleCode(rate))}::bigint]`
  await tx.execute(sql`DELETE FROM catalog.term_statistics WHERE corpus = ${corpus}`)
  await tx.execute(sql`
    INSERT INTO catalog.term_statistics (corpus, base, records, above)
    WITH counted AS MATERIALIZED (
      SELECT code - code % ${int(levels)} AS base, (code % ${int(levels)})::int AS level, count(*) * ${int(rate)} AS n
      FROM ${table} r CROSS JOIN unnest(r.codes) AS code WHERE r.visible::int = 1 ${sample} GROUP BY 1, 2
    ), total AS (
      SELECT base, n::int AS n FROM counted WHERE level = 0 AND n >= ${int(rate === 1 ? 1 : 2 * rate)}), histogram AS (
      SELECT base, max(n) || array_agg(reached ORDER BY level) AS above FROM (
        SELECT t.base, t.n, g.level, (sum(coalesce(c.n, 0)) OVER (PARTITION BY t.base ORDER BY g.level DESC))::int AS reached
        FROM total t CROSS JOIN generate_series(1, ${int(levels - 1)}) AS g(level)
        LEFT JOIN counted c ON c.base = t.base AND c.level = g.level WHERE t.n >= ${int(histogramFrom)}) AS by_level
      GROUP BY base)
    SELECT ${corpus}::text, total.base, n, above FROM total LEFT JOIN histogram USING (base)`)
}

async function chooseRate(tx: Db, table: SQL): Promise<1 | (typeof sampleRates)[number]> {
  for (const rate of sampleRates.toReversed()) {
    const [row] = await rows<{ enough: boolean }>(
      tx,
      sql`SELECT count(*) = ${int(smallestSample)} AS enough FROM (
            SELECT FROM ${table} WHERE visible::int = 1 AND codes && ARRAY[${int(sampleCode(rate))}::bigint] LIMIT ${int(smallestSample)}) AS sampled`,
    )
    if (row?.enough) return rate
  }
  return 1
}
