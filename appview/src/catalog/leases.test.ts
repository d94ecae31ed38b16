import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { putRecord, putTorrent } from '../../testing/publishing.ts'
import type { Catalog } from '../store/open.ts'
import { rows } from '../store/sql.ts'
import { applyAdmissionPolicy } from './admission-policy.ts'
import { decideAdmission } from './admissions.ts'
import { refreshDueParts, refreshParts } from './derive/gathering.ts'
import { createLeaseDesk, defaultGatheringLimits, type Lease, releaseLease } from './leases.ts'

const owner = 'did:plc:owner'
const soon = new Date(Date.now() + 3_600_000).toISOString()

describe.each(testBackends())('parts on $name', ({ open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
  })
  afterAll(() => catalog?.[Symbol.asyncDispose]())

  let datasets = 0
  const newDataset = async (parts: Record<string, object>, fields: object = {}) => {
    const name = `d${++datasets}`
    const dataset = await putRecord(catalog, 'dataset', name, {
      did: owner,
      title: `Data ${name}`,
      ...fields,
    })
    for (const [key, part] of Object.entries(parts))
      await putRecord(catalog, 'part', `${name}-${key}`, {
        did: owner,
        dataset: { uri: dataset },
        urls: [{ url: `https://${name}.example.org/${key}` }],
        ...part,
      })
    const workers = Array.from({ length: 6 }, (_, n) => `did:plc:${name}worker${n}`)
    return { dataset, workers, part: (key: string) => `at://${owner}/part/${name}-${key}` }
  }
  const take = (did: string, dataset: string, { count = 1 } = {}) =>
    createLeaseDesk(catalog.db, defaultGatheringLimits).lease({ did, count }, { dataset })
  const taken = async (did: string, dataset: string, options?: { count?: number }) => {
    const leases = await take(did, dataset, options)
    return Array.isArray(leases) ? leases.map(({ partKey }) => partKey) : leases
  }
  const stateOf = async (key: string) => {
    const [row] = await rows<{ state: string; openTo: number }>(
      catalog.db,
      sql`SELECT state, open_to AS "openTo" FROM catalog.part WHERE key = ${key}`,
    )
    return row && `${row.state} ${row.openTo}`
  }
  let keys = 0
  const claim = (did: string, part: string, fields: object = {}, rkey = nextTid(++keys)) =>
    putRecord(catalog, 'claim', rkey, { did, part: { uri: part }, expiresAt: soon, ...fields })

  test('hands out the part with the nearest deadline first, then that of the highest priority', async () => {
    const { dataset, part, workers } = await newDataset({
      later: { deadline: '2027-01-01' },
      usual: {},
      urgent: { priority: 90 },
      first: { deadline: '2026-12-05' },
    })
    const order = []
    for (let n = 0; n < 4; n++) order.push(...(await taken(workers[0]!, dataset)))
    expect(order).toEqual(['first', 'later', 'urgent', 'usual'].map(part))
    expect(await taken(workers[0]!, dataset)).toBe('no-part')
  })

  test('parts without a deadline have that of their dataset, also when it becomes known', async () => {
    const { dataset, part } = await newDataset({ one: {} })
    const deadline = async () =>
      (
        await rows<{ at: string }>(
          catalog.db,
          sql`SELECT deadline::text AS at FROM catalog.part WHERE key = ${part('one')}`,
        )
      )[0]!.at
    expect(await deadline()).toBeNull()
    await putRecord(catalog, 'dataset', dataset.split('/').at(-1)!, {
      did: owner,
      title: 'Data',
      risk: { level: 'endangered', expectedGone: '2026-12-05' },
    })
    expect(await deadline()).toBe('2026-12-05')
  })

  test('hands a part to as many accounts as copies are wanted, however many ask at once', async () => {
    const { dataset, part, workers } = await newDataset({ one: {}, two: { copies: 2 } })
    const answers = await Promise.all(workers.map((did) => taken(did, dataset)))
    const keys = answers.flatMap((answer) => (Array.isArray(answer) ? answer : []))
    // Who asked while others held the locks may have found nothing, and asks again.
    for (const did of workers) {
      const again = await taken(did, dataset)
      if (Array.isArray(again)) keys.push(...again)
    }
    expect(keys.sort()).toEqual([part('one'), part('two'), part('two')])
    expect(await stateOf(part('one'))).toBe('leased 0')
  })

  test('a claim takes the place of the lease, and a released one offers the part again', async () => {
    const { dataset, part, workers } = await newDataset({ one: {} })
    await take(workers[0]!, dataset)
    const rkey = nextTid(++keys)
    await claim(workers[0]!, part('one'), {}, rkey)
    expect(await stateOf(part('one'))).toBe('claimed 0')
    expect(await taken(workers[1]!, dataset)).toBe('no-part')
    await claim(workers[0]!, part('one'), { status: 'released' }, rkey)
    expect(await stateOf(part('one'))).toBe('open 2')
    expect(await taken(workers[1]!, dataset)).toEqual([part('one')])
  })

  test('a lease that is given back, and one that ends, offers the part again', async () => {
    const { dataset, part, workers } = await newDataset({ one: {} })
    const leases = await take(workers[0]!, dataset)
    const { id } = (leases as Lease[])[0]!
    expect(await releaseLease(catalog.db, { did: workers[1]!, id })).toBe(false)
    expect(await releaseLease(catalog.db, { did: workers[0]!, id })).toBe(true)
    await take(workers[1]!, dataset)
    await catalog.db.execute(
      sql`UPDATE local.lease SET ends_at = now() - interval '1 s' WHERE part_key = ${part('one')}`,
    )
    await catalog.db.execute(sql`UPDATE catalog.part SET next_change_at = now() WHERE key = ${part('one')}`)
    await refreshDueParts(catalog.db, 100)
    expect(await taken(workers[2]!, dataset)).toEqual([part('one')])
  })

  test('whoever failed is not given the part again, and after three alike nobody is', async () => {
    const { dataset, part, workers } = await newDataset({ one: {} })
    for (const did of workers.slice(0, 3)) {
      expect(await taken(did, dataset)).toEqual([part('one')])
      await claim(did, part('one'), { status: 'failed', failure: { code: 'source-gone' } })
      expect(await taken(did, dataset)).toBe('no-part')
    }
    expect(await stateOf(part('one'))).toBe('failed 0')
    expect(await taken(workers[3]!, dataset)).toBe('no-part')
  })

  test('looks at no more than a thousand claims on a part, however many there are', async () => {
    const { part } = await newDataset({ one: {} })
    await catalog.db.execute(sql`
      INSERT INTO catalog.claim (id, uri, did, part_key, status, failure, order_at, visible, created_at)
      SELECT 1e9 + n, 'at://did:plc:many' || n || '/claim/x', 'did:plc:many' || n, ${part('one')}, 'failed', 'other', now(), true, now()
      FROM generate_series(1, 1200) AS n`)
    await catalog.db.transaction((tx) => refreshParts(tx, [part('one')]))
    const [row] = await rows<{ attempts: number }>(
      catalog.db,
      sql`SELECT attempts FROM catalog.part WHERE key = ${part('one')}`,
    )
    expect(row!.attempts).toBe(1_000)
  })

  test('a verified torrent gathers the part, and one that nobody seeds for a week does not', async () => {
    const { dataset, part, workers } = await newDataset({ one: {} })
    await claim(workers[0]!, part('one'), { status: 'done' })
    expect(await stateOf(part('one'))).toBe('said 0')
    const torrent = await putTorrent(catalog, 'gathered', {
      infoHashV1: '7'.repeat(40),
      did: workers[0]!,
      record: { parts: [{ uri: part('one') }], datasets: [{ uri: dataset }] },
    })
    expect(await stateOf(part('one'))).toBe('gathered 0')
    await catalog.db.execute(
      sql`UPDATE catalog.torrent SET indexed_at = now() - interval '8 days' WHERE uri = ${torrent}`,
    )
    await catalog.db.execute(sql`DELETE FROM catalog.claim WHERE part_key = ${part('one')}`)
    await catalog.db.execute(sql`UPDATE catalog.part SET next_change_at = now() WHERE key = ${part('one')}`)
    await refreshDueParts(catalog.db, 100)
    expect(await stateOf(part('one'))).toBe('open 2')
  })

  test('an account holds five parts, and two more for each that it gathered this month', async () => {
    const worker = 'did:plc:limited'
    const { dataset } = await newDataset(
      Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`p${n}`, {}])),
    )
    expect(await taken(worker, dataset, { count: 10 })).toHaveLength(5)
    expect(await taken(worker, dataset)).toBe('too-many-claims')
    const { part } = await newDataset({ done: {} })
    await putTorrent(catalog, 'limited', {
      infoHashV1: '8'.repeat(40),
      did: worker,
      record: { parts: [{ uri: part('done') }] },
    })
    expect(await taken(worker, dataset, { count: 10 })).toHaveLength(2)
  })

  test('an account that asks many times at once is given no more than one that asks in turn', async () => {
    const worker = 'did:plc:hasty'
    const parts = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`p${n}`, {}]))
    const { dataset } = await newDataset(parts)
    const desk = createLeaseDesk(catalog.db, defaultGatheringLimits)
    // Each size is another kind of request, with a queue of its own.
    const asked = [undefined, 10_000, 20_000].flatMap((maxBytes) =>
      Array.from({ length: 4 }, () => desk.lease({ did: worker, count: 2 }, { dataset, maxBytes })),
    )
    const leases = (await Promise.all(asked)).flatMap((answer) => (Array.isArray(answer) ? answer : []))
    expect(leases.length).toBeGreaterThan(0)
    expect(leases.length).toBeLessThanOrEqual(5)
    expect(new Set(leases.map(({ partKey }) => partKey)).size).toBe(leases.length)
  })

  test('all workers on a host together are given no more than its pace', async () => {
    const host = { pace: { host: 'slow.example.org', requestsPerMinute: 100 } }
    const { dataset } = await newDataset(
      Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`p${n}`, host])),
    )
    const paces: number[] = []
    let busy = 0
    for (let n = 0; n < 30; n++) {
      const leases = await take(`did:plc:paced${n}`, dataset)
      if (Array.isArray(leases)) paces.push(leases[0]!.requestsPerMinute)
      else busy += leases === 'source-busy' ? 1 : 0
    }
    expect(paces[0]).toBeGreaterThan(20)
    expect(paces.reduce((sum, pace) => sum + pace)).toBeLessThanOrEqual(100)
    expect(paces).toHaveLength(20)
    expect(busy).toBe(10)
  })
})

describe.each(testBackends())('accounts that were not let in, on $name', ({ open }) => {
  test('hold three parts, and nobody who was let in waits for them', async () => {
    await using catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'accounts')
    const worker = 'did:plc:worker'
    for (const value of [owner, worker])
      await decideAdmission(catalog.db, { kind: 'did', value }, { action: 'allow' })
    const dataset = await putRecord(catalog, 'dataset', 'd', { did: owner, title: 'Data' })
    for (let n = 0; n < 4; n++)
      await putRecord(catalog, 'part', `p${n}`, {
        did: owner,
        dataset: { uri: dataset },
        urls: [{ url: `https://h${n}.org/` }],
      })
    const take = (did: string) =>
      createLeaseDesk(catalog.db, defaultGatheringLimits).lease({ did, count: 10 }, { dataset })
    const strangers = await take('did:plc:stranger')
    expect(strangers).toHaveLength(3)
    expect(Array.isArray(strangers) && strangers[0]!.maxSeconds).toBe(3_600)
    expect(await take('did:plc:stranger2')).toHaveLength(1)
    expect(await take(worker)).toHaveLength(4)
    expect(await take('did:plc:stranger3')).toBe('no-part')
  })
})

/** A TID of now, each later than the one before. */
function nextTid(n: number): string {
  const digits = '234567abcdefghijklmnopqrstuvwxyz'
  let left = (BigInt(Date.now()) * 1_000n + BigInt(n)) << 10n
  let tid = ''
  for (let i = 0; i < 13; i++) {
    tid = digits[Number(left & 31n)] + tid
    left >>= 5n
  }
  return tid
}
