import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { putRecord, putTorrent } from '../../../testing/publishing.ts'
import type { Catalog } from '../../store/open.ts'
import { rows } from '../../store/sql.ts'
import { applyAdmissionPolicy } from '../admission-policy.ts'
import { forgetStaleCounts, needsSeeders, writeScrapeFailure, writeSwarmCounts } from './counts.ts'
import { thinSwarmHistory } from './history.ts'

const infoHash = 'a'.repeat(40)
const [one, other] = ['http://one.org/announce', 'udp://other.org:6969']
const minuteMs = 60_000
const dayMs = 1440 * minuteMs
const now = new Date('2026-06-15T12:30:00Z')
const ago = (ms: number) => new Date(now.getTime() - ms)

describe.each(testBackends())('swarm history on $name', ({ open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
  })
  afterAll(() => catalog[Symbol.asyncDispose]())
  beforeEach(async () => {
    await catalog.db.execute(sql`DELETE FROM local.swarm`)
    await catalog.db.execute(sql`DELETE FROM local.swarm_history`)
  })

  const say = (tracker: string, at: Date, seeders: number, leechers = 0) =>
    writeSwarmCounts(catalog.db, { tracker, at, counts: [{ infoHash, seeders, leechers, completed: null }] })
  const history = async () => {
    const points = await rows<{ at: string; seeders: number }>(
      catalog.db,
      sql`SELECT at, seeders FROM local.swarm_history ORDER BY at`,
    )
    return points.map(({ at, seeders }) => [(now.getTime() - Date.parse(at)) / minuteMs, seeders])
  }

  test('a new count of seeders does not change the date that harvesters see', async () => {
    await applyAdmissionPolicy(catalog.db, 'open')
    const uri = await putRecord(catalog, 'dataset', 'ice', { title: 'Sea ice' })
    const published = 'b'.repeat(40)
    await putTorrent(catalog, 'ice', { infoHashV1: published, record: { datasets: [{ uri }] } })
    const changed = sql`SELECT c.changed_at, d.seeders FROM catalog.dataset_change c JOIN catalog.dataset d ON d.id = c.dataset_id`
    const [before] = await rows<{ changed_at: string }>(catalog.db, changed)
    const counts = [{ infoHash: published, seeders: 3, leechers: 0, completed: null }]
    await writeSwarmCounts(catalog.db, { tracker: one, at: now, counts })
    expect(await rows(catalog.db, changed)).toEqual([{ ...before, seeders: 3 }])
  })

  test('shows the higher count of two trackers and records only its changes', async () => {
    await say(one, ago(60 * minuteMs), 3)
    await say(other, ago(50 * minuteMs), 2)
    await say(other, ago(40 * minuteMs), 3)
    await say(other, ago(30 * minuteMs), 5)
    await say(one, ago(20 * minuteMs), 1)
    // The old count is recorded at the time at which it was last confirmed.
    expect(await history()).toEqual([
      [60, 3],
      [40, 3],
      [30, 5],
    ])
  })

  test('keeps the time of the last seeder, and one point for a count that flickers', async () => {
    await say(one, ago(60 * minuteMs), 2)
    await say(one, ago(60 * minuteMs - 3_000), 0)
    for (let i = 2; i < 6; i++) await say(one, ago(60 * minuteMs - i * 3_000), 0, i)
    expect(await history()).toEqual([
      [60, 2],
      [59.75, 0],
    ])
  })

  test('ignores a tracker that has not answered three times in a row', async () => {
    await say(one, ago(60 * minuteMs), 4)
    await say(other, ago(60 * minuteMs), 1)
    const seeders = async () => (await rows(catalog.db, sql`SELECT max(seeders) AS n FROM local.swarm`))[0]?.n
    for (const expected of [4, 4, 1]) {
      await writeScrapeFailure(catalog.db, { tracker: one, at: now, infoHashes: [infoHash], error: 'gone' })
      expect(await seeders()).toBe(expected)
    }
    const [need] = await rows(catalog.db, sql`SELECT ${needsSeeders(sql`${infoHash}`)} AS needs`)
    expect(need).toEqual({ needs: true })
  })

  test('deletes counts that no tracker confirms, and rows of content that is gone', async () => {
    await say(one, ago(3 * dayMs), 4)
    const limits = { unknownBefore: ago(2 * dayMs), goneBefore: ago(30 * dayMs), batch: 10 }
    expect(await forgetStaleCounts(catalog.db, limits)).toBe(1)
    expect(await rows(catalog.db, sql`SELECT seeders FROM local.swarm`)).toEqual([{ seeders: null }])
    const [need] = await rows(catalog.db, sql`SELECT ${needsSeeders(sql`${infoHash}`)} AS needs`)
    expect(need).toEqual({ needs: null })
    expect(await forgetStaleCounts(catalog.db, { ...limits, goneBefore: now })).toBe(1)
    expect(await rows(catalog.db, sql`SELECT FROM local.swarm`)).toEqual([])
  })

  test('thins out old points but keeps the time of the last seeder', async () => {
    const points = [
      // Within the last day, every point is kept.
      [10, 5],
      [20, 6],
      [600, 0],
      // Of the hour two days ago, the last point is kept and the last one with seeders.
      ...[0, 10, 20, 30, 40, 50].map((m) => [2 * 1440 + 150 - m, m < 30 ? 7 : 0]),
      // Of the day forty days ago, the same two.
      ...[0, 60, 120, 180].map((m) => [40 * 1440 + 400 - m, m === 0 ? 9 : 0]),
    ] as [number, number][]
    for (const [minutes, seeders] of points)
      await catalog.db.execute(
        sql`INSERT INTO local.swarm_history VALUES (${infoHash}, ${ago(minutes * minuteMs).toISOString()}, ${seeders}, 0)`,
      )
    expect(await thinSwarmHistory(catalog.db, now)).toBe(6)
    expect(await history()).toEqual([
      [40 * 1440 + 400, 9],
      [40 * 1440 + 220, 0],
      [2 * 1440 + 130, 7],
      [2 * 1440 + 100, 0],
      [600, 0],
      [20, 6],
      [10, 5],
    ])
    expect(await thinSwarmHistory(catalog.db, now)).toBe(0)
  })
})
