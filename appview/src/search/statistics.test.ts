import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { did } from '../../testing/publishing.ts'
import { applyAdmissionPolicy } from '../catalog/admission-policy.ts'
import { applyBatch } from '../catalog/apply-batch.ts'
import { baseOf } from '../search-terms/codes.ts'
import {
  readTermStatistics,
  refreshSearchStatistics,
  refreshSearchStatisticsIfDue,
} from '../search-terms/statistics.ts'
import type { Catalog } from '../store/open.ts'
import { startNewEpochs } from '../store/stream-epochs.ts'

describe.each(testBackends())('search statistics on $name', ({ open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
  })
  afterAll(() => catalog[Symbol.asyncDispose]())
  const put = (from: number, to: number) => {
    const ops = Array.from({ length: to - from }, (_, i) => ({
      action: 'put' as const,
      uri: `at://${did}/dataset/d${from + i}`,
      kind: 'dataset',
      cid: `cid-${from + i}`,
      value: { title: `Ice ${from + i}`, createdAt: '2026-01-02T03:04:05Z' },
    }))
    return applyBatch(catalog.db, {
      commits: [{ did, rev: `3n${String(to).padStart(11, '0')}`, dataCid: 'd', ops }],
    })
  }
  const refresh = () => refreshSearchStatisticsIfDue(catalog.db)
  const counted = async () => (await readTermStatistics(catalog.db, 'dataset', [])).records

  test('counts the first dataset of an empty index once', async () => {
    expect(await refresh()).toBe(false)
    await put(0, 1)
    expect(await refresh()).toBe(true)
    expect(await counted()).toBe(1)
    expect(await refresh()).toBe(false)
  })

  test('counts again after a change of one record in fifty', async () => {
    await put(1, 100)
    expect(await refresh()).toBe(true)
    const statistics = await readTermStatistics(catalog.db, 'dataset', [baseOf('ice')])
    expect(statistics.of(baseOf('ice')).records).toBe(100)
    await put(100, 102)
    expect(await refresh()).toBe(false)
    await put(102, 103)
    expect(await refresh()).toBe(true)
    expect(await counted()).toBe(103)
  })

  test('counts again after a rebuild', async () => {
    await startNewEpochs(catalog.db)
    expect(await refresh()).toBe(true)
  })

  test('processes that count at the same time do not disturb each other', async () => {
    await put(103, 113)
    const counting = await Promise.all([refresh(), refreshSearchStatistics(catalog.db), refresh()])
    expect(counting.filter((value) => value === true).length).toBeLessThanOrEqual(1)
    expect(await counted()).toBe(113)
    expect(await refresh()).toBe(false)
  })
})
