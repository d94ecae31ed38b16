/** For tests of ranking and counting: datasets made of few words, so that many share the same ones. */
import { sql } from 'drizzle-orm'
import type { RecordOp } from '../src/catalog/apply-batch.ts'
import type { Db } from '../src/store/sql.ts'
import { put } from './datasets.ts'

export const words = [
  'sea',
  'ice',
  'ocean',
  'census',
  'county',
  'satellite',
  'monthly',
  'glacier',
  'flood',
  'zircon',
]
export const publishers = ['NOAA', 'NASA', 'Census Bureau']
export const risks = ['unknown', 'watchlist', 'endangered', 'extinct']

/** Makes the same datasets for the same arguments; some share an identifier, and so a card. */
export function madeDatasets(did: string, count: number): RecordOp[] {
  return Array.from({ length: count }, (_, i) => put('dataset', did, `made-${i}`, made(i)))
}

/** Gives every other dataset torrents, and many of them seeders, as if swarms had been counted; some stay uncounted. */
export async function countSwarms(db: Db): Promise<void> {
  await db.execute(sql`
    UPDATE catalog.dataset SET torrent_count = id % 2 * (id % 3), seeders = CASE WHEN id % 4 < 3 THEN id % 5 END`)
}

function made(i: number): Record<string, unknown> {
  const pick = (from: readonly string[], step: number) => from[Math.floor(i / step) % from.length]!
  return {
    title: `${pick(words, 1)} ${pick(words, 3)} ${i}`,
    description: Array.from({ length: i % 23 }, (_, n) => words[(i * (n + 3) + n) % words.length]).join(' '),
    publisher: { name: pick(publishers, 2) },
    keywords: [{ name: pick(words, 5).toUpperCase() }, { name: `${pick(words, 7)} data` }],
    formats: i % 3 === 0 ? [{ mediaType: 'text/csv' }] : [],
    risk: { level: pick(risks, 2), ...(i % 4 === 0 && { expectedGone: `2027-0${1 + (i % 9)}` }) },
    ...(i % 2 === 0 && { sizeBytes: (i * 7_919) % 150_000 }),
    ...(i % 5 === 0 && { license: { spdx: 'CC0-1.0' } }),
    ...(i % 11 === 0 && { identifiers: [{ scheme: 'doi', value: `10.5555/${i % 3}` }] }),
    createdAt: new Date(Date.parse('2026-01-01T00:00:00Z') + i * 21_600_000 + (i % 7) * 100).toISOString(),
  }
}
