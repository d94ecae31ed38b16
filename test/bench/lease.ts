/**
 * Measures how fast an index hands out parts to 64 callers at once, and that it hands none out twice: beside Redis, whose SPOP
 * is the least that anything can do, and beside selecting the first free part and then inserting a claim.
 */
import { applyAdmissionPolicy } from '@holdfast/appview/catalog/admission-policy'
import { refreshParts } from '@holdfast/appview/catalog/derive/gathering'
import { createLeaseDesk, defaultGatheringLimits } from '@holdfast/appview/catalog/leases'
import { openCatalog } from '@holdfast/appview/store/open'
import { type Db, rows } from '@holdfast/appview/store/sql'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { sql } from 'drizzle-orm'
import { Redis } from 'ioredis'
import type { Bench } from './main.ts'

const callers = 64
const dataset = 'at://did:plc:owner/dataset/large'

export const run: Bench = async ({ quick, log }) => {
  const databaseUrl = process.env.HOLDFAST_TEST_DATABASE_URL
  const redisUrl = process.env.HOLDFAST_TEST_REDIS_URL
  if (!databaseUrl || !redisUrl)
    throw new Error(
      'This bench needs a PostgreSQL and a Redis it may use: set HOLDFAST_TEST_DATABASE_URL and HOLDFAST_TEST_REDIS_URL.',
    )
  const parts = quick ? 2_000 : 100_000
  const taken = quick ? 500 : 10_000
  await using database = await createScratchDatabase(databaseUrl)
  await using catalog = await openCatalog({ databaseUrl: database.url })
  const { db } = catalog
  await applyAdmissionPolicy(db, 'open')
  await fill(db, parts)
  log(`${parts} parts are open`)
  const desk = createLeaseDesk(db, { ...defaultGatheringLimits, claimsPerAccount: 200 })
  const ours = await measure(taken, async (caller) => {
    const leases = await desk.lease({ did: `did:plc:caller${caller}`, count: 1 }, { dataset })
    return Array.isArray(leases) ? leases[0]!.partKey : undefined
  })
  log('Holdfast is measured')
  const redis = await measureRedis(redisUrl, { parts, taken })
  const selecting = await measureSelecting(db, { parts, taken })
  return {
    figures: {
      parts,
      leasesPerSecond: ours.perSecond,
      p50Ms: ours.p50Ms,
      p99Ms: ours.p99Ms,
      duplicates: ours.duplicates,
      emptyAnswers: ours.empty,
      redisPerSecond: redis.perSecond,
      redisP99Ms: redis.p99Ms,
      selectThenInsertPerSecond: selecting.perSecond,
      selectThenInsertP99Ms: selecting.p99Ms,
      selectThenInsertDuplicates: selecting.duplicates,
    },
    ratios: {
      leasesVsTarget: ours.perSecond / 1_000,
      p99VsTarget: 20 / ours.p99Ms,
      ofRedis: ours.perSecond / redis.perSecond,
      vsSelectThenInsert: ours.perSecond / selecting.perSecond,
    },
  }
}

interface Measured {
  perSecond: number
  p50Ms: number
  p99Ms: number
  /** How many answers named a part that somebody else had been given before. */
  duplicates: number
  /** How many answers named no part, though some were open. */
  empty: number
}

/** Lets all callers take parts, one after the other, until so many were taken. */
async function measure(
  taken: number,
  take: (caller: number) => Promise<string | undefined>,
): Promise<Measured> {
  const given: string[] = []
  const times: number[] = []
  let empty = 0
  let asked = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      while (asked++ < taken) {
        const at = performance.now()
        const part = await take(caller)
        times.push(performance.now() - at)
        if (part === undefined) empty++
        else given.push(part)
      }
    }),
  )
  const seconds = (performance.now() - started) / 1_000
  times.sort((a, b) => a - b)
  const at = (share: number) => round(times[Math.min(times.length - 1, Math.floor(share * times.length))]!)
  return {
    perSecond: Math.round(given.length / seconds),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    duplicates: given.length - new Set(given).size,
    empty,
  }
}

/** Writes a dataset with open parts on hosts of their own, ten parts each, as if ingest had. */
async function fill(db: Db, parts: number): Promise<void> {
  await db.execute(sql`
    INSERT INTO catalog.record (uri, did, kind, cid, rev, value, visible, created_at, indexed_at)
    SELECT ${dataset}, 'did:plc:owner', 'dataset', 'c', '3n1', '{"title": "Large"}'::jsonb, true, now(), now()`)
  await db.execute(sql`
    INSERT INTO catalog.dataset (id, uri, did, group_id, title, keywords, formats, created_at, indexed_at, visible, risks, scarcities, codes)
    SELECT id, uri, did, id, 'Large', '{}', '{}', now(), now(), true, '{unknown}', '{unknown}', '{}' FROM catalog.record WHERE uri = ${dataset}`)
  await db.execute(sql`
    INSERT INTO catalog.part (record_id, key, did, dataset_uri, own, host, tool, copies, priority, wanted, shuffle, visible, created_at)
    SELECT n, 'at://did:plc:owner/part/p' || n, 'did:plc:owner', ${dataset}, true, 'h' || n / 10 || '.example.org', 'http', 1, 50, 'open',
      hashtextextended(n::text, 1), true, now() FROM generate_series(1, ${parts}) AS n`)
  for (let from = 0; ; from += 5_000) {
    const keys = await rows<{ key: string }>(
      db,
      sql`SELECT key FROM catalog.part ORDER BY id LIMIT 5000 OFFSET ${from}`,
    )
    if (keys.length === 0) break
    await db.transaction((tx) =>
      refreshParts(
        tx as Db,
        keys.map(({ key }) => key),
      ),
    )
  }
  await db.execute(sql`ANALYZE catalog.part`)
}

async function measureRedis(
  url: string,
  { parts, taken }: { parts: number; taken: number },
): Promise<Measured> {
  const redis = new Redis(url)
  const key = `holdfast-bench-lease-${process.pid}`
  try {
    for (let n = 0; n < parts; n += 10_000)
      await redis.sadd(key, ...Array.from({ length: Math.min(10_000, parts - n) }, (_, at) => `p${n + at}`))
    return await measure(taken, async () => (await redis.spop(key)) ?? undefined)
  } finally {
    await redis.del(key)
    redis.disconnect()
  }
}

/** What a catalog does that selects the first part nobody claimed, and then inserts a claim. */
async function measureSelecting(
  db: Db,
  { parts, taken }: { parts: number; taken: number },
): Promise<Measured> {
  await db.execute(sql`CREATE TABLE bench_part (id bigint PRIMARY KEY)`)
  await db.execute(sql`CREATE TABLE bench_claim (part bigint, account int, UNIQUE (part, account))`)
  await db.execute(sql`INSERT INTO bench_part SELECT generate_series(1, ${parts})`)
  await db.execute(sql`ANALYZE bench_part`)
  return measure(taken, async (caller) => {
    const [part] = await rows<{ id: number }>(
      db,
      sql`SELECT id::int FROM bench_part p WHERE NOT EXISTS (SELECT FROM bench_claim c WHERE c.part = p.id) ORDER BY id LIMIT 1`,
    )
    if (!part) return undefined
    await db.execute(sql`INSERT INTO bench_claim VALUES (${part.id}, ${caller}) ON CONFLICT DO NOTHING`)
    return String(part.id)
  })
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
