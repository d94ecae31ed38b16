import { expect, test } from 'vitest'
import {
  claimCountsUntil,
  claimOrderMs,
  partKey,
  partOfKey,
  type StandingClaim,
  standings,
} from './gathering.ts'

const hour = 3_600_000
const start = Date.parse('2026-12-01T00:00:00Z')

const claim = (uri: string, orderMs: number, extra: Partial<StandingClaim> = {}): StandingClaim => ({
  uri,
  orderMs,
  countsUntilMs: start + hour,
  tieBreak: uri,
  ...extra,
})

test('names a part by its record, and by the item of a list', () => {
  for (const ref of [{ uri: 'at://did:plc:a/x/one' }, { uri: 'at://did:plc:a/x/list', item: 'a#b' }]) {
    expect(partOfKey(partKey(ref))).toEqual(ref)
  }
})

test('a claim counts until it expires and a tenth longer, or a quarter of an hour', () => {
  const times = { keyMs: start, writtenMs: start }
  expect(claimCountsUntil({ ...times, expiresMs: start + 10 * hour })).toBe(start + 11 * hour)
  expect(claimCountsUntil({ ...times, expiresMs: start + hour })).toBe(start + 1.25 * hour)
})

test('a claim counts for seven days after it was written, whatever it says', () => {
  const until = claimCountsUntil({ keyMs: start, writtenMs: start, expiresMs: start + 1_000 * 24 * hour })
  expect(until).toBeCloseTo(start + 7.7 * 24 * hour, -1)
})

test('a claim that is done counts for a day, and one that is released or failed no longer', () => {
  const times = { keyMs: start, writtenMs: start + hour, expiresMs: start + 2 * hour }
  expect(claimCountsUntil({ ...times, status: 'done' })).toBe(start + 25 * hour)
  expect(claimCountsUntil({ ...times, status: 'released' })).toBeUndefined()
  expect(claimCountsUntil({ ...times, status: 'failed' })).toBeUndefined()
})

test('a key with a time long before its commit wins nothing', () => {
  expect(claimOrderMs({ keyMs: start - 24 * hour, seenLiveMs: start })).toBe(start - 600_000)
  expect(claimOrderMs({ keyMs: start - 1_000, seenLiveMs: start })).toBe(start - 1_000)
  expect(claimOrderMs({ keyMs: start - 24 * hour })).toBe(start - 24 * hour)
})

test('the earliest claims are holders, as many as copies are wanted', () => {
  const claims = [
    claim('third', start + 3),
    claim('first', start + 1),
    claim('over', start, { countsUntilMs: start - 1 }),
    claim('failed', start, { countsUntilMs: undefined }),
    claim('second', start + 2),
  ]
  expect(Object.fromEntries(standings(claims, { copies: 2, nowMs: start }))).toEqual({
    third: 'surplus',
    first: 'holder',
    over: 'ended',
    failed: 'ended',
    second: 'holder',
  })
})

test('says the same in whatever order claims arrive', () => {
  const claims = Array.from({ length: 6 }, (_, n) =>
    claim(`c${n}`, start + (n % 3), { tieBreak: `${(n * 7) % 5}` }),
  )
  const sorted = (order: readonly StandingClaim[]) =>
    [...standings(order, { copies: 2, nowMs: start })].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const order of permutations(claims)) expect(sorted(order)).toEqual(sorted(claims))
})

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]))
}
