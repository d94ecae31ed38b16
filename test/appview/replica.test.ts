import { type Catalog, openCatalog } from '@holdfast/appview/store/open'
import { asReader, type Side } from '@holdfast/appview/store/replica'
import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { type ReplicatedCluster, startReplicatedCluster } from '../system/postgres-cluster.ts'
import { needs } from '../system/requirements.ts'
import { call, query } from '../system/xrpc.ts'
import { adminToken, type IndexUnderTest, startIndex } from './index-under-test.ts'

const able = needs('reads on a replica', 'PostgreSQL server')
const did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const stack = new AsyncDisposableStack()
let cluster: ReplicatedCluster
let index: IndexUnderTest
let sides: Record<Side, number>

beforeAll(async () => {
  if (!able) return
  cluster = stack.use(await startReplicatedCluster())
  index = stack.use(await startIndex({ open: () => openBoth(cluster) }))
})
beforeEach(() => {
  sides = { replica: 0, primary: 0 }
})
afterAll(() => stack.disposeAsync())

test.skipIf(!able)('a request reads from the replica once that has everything', async () => {
  const uri = await put('first')
  await waitFor(
    async () => {
      await query(index.url, 'getDataset', { uri })
      return sides.replica > 0
    },
    { what: 'the replica to answer' },
  )
  expect(index.takeFaults()).toEqual([])
})

test.skipIf(!able)('what was written is read at once, whether or not the replica has it', async () => {
  for (let n = 0; n < 50; n++) {
    if (n === 20) await cluster.pause()
    if (n === 30) await cluster.resume()
    const uri = await put(`quick-${n}`)
    expect(await query(index.url, 'getDataset', { uri })).toMatchObject({ dataset: { uri } })
  }
  expect(sides.primary).toBeGreaterThanOrEqual(10)
  expect(sides.replica).toBeGreaterThan(0)
})

test.skipIf(!able)('a search shows what was just written, while the replica lags', async () => {
  await cluster.pause()
  try {
    await put('lagging', 'Lagging glaciers')
    const { datasets } = (await query(index.url, 'searchDatasets', { q: 'lagging' })) as {
      datasets: object[]
    }
    expect(datasets).toHaveLength(1)
  } finally {
    await cluster.resume()
  }
})

test.skipIf(!able)('what was denied is not shown from a replica that does not know it', async () => {
  const uri = await put('denied', 'Denied moraines')
  await waitForReplica()
  await cluster.pause()
  try {
    await decide('deny')
    const body = await query(index.url, 'searchDatasets', { q: 'moraines' })
    expect(body).toMatchObject({ datasets: [] })
    await expect(query(index.url, 'getDataset', { uri })).rejects.toThrow()
  } finally {
    await cluster.resume()
    await decide('allow')
  }
})

test.skipIf(!able)(
  'a statement that writes goes to the primary, and so does what follows in its request',
  async () => {
    const { db } = index.catalog
    await waitForReplica()
    await asReader(async () => {
      await db.execute(sql`SELECT 1`)
      await db.execute(
        sql`INSERT INTO local.setting (name, value) VALUES ('test', '1') ON CONFLICT DO NOTHING`,
      )
      const answer = (await db.execute(sql`SELECT pg_is_in_recovery() AS replica`)) as unknown as object[]
      expect(answer).toEqual([{ replica: false }])
    })
  },
)

test.skipIf(!able)('what no request waits for is read from the primary', async () => {
  await waitForReplica()
  const { db } = index.catalog
  const answer = (await db.execute(sql`SELECT pg_is_in_recovery() AS replica`)) as unknown as object[]
  expect(answer).toEqual([{ replica: false }])
})

test.skipIf(!able)('another database is refused as a replica', async () => {
  const { url } = cluster.primary
  await expect(openCatalog({ databaseUrl: url, databaseReplicaUrl: url })).rejects.toThrow(
    'no streaming replica of HOLDFAST_DATABASE_URL',
  )
})

test.skipIf(!able)('requests are answered after the replica is killed', async () => {
  const uri = await put('survives')
  await waitForReplica()
  await cluster.replica.stop('SIGQUIT')
  for (let n = 0; n < 20; n++)
    expect(await query(index.url, 'getDataset', { uri })).toMatchObject({ dataset: { uri } })
  expect(index.takeFaults()).toEqual([])
})

function decide(action: 'allow' | 'deny'): Promise<unknown> {
  return call(index.url, 'updateAdmission', { body: { subject: did, action }, token: adminToken })
}

async function put(rkey: string, title = `Dataset ${rkey}`): Promise<string> {
  const record = { title, createdAt: '2026-11-20T00:00:00.000Z' }
  await index.write(did, [{ put: 'dataset', rkey, record }])
  return `at://${did}/${collections.dataset}/${rkey}`
}

/** Waits until a request reads from the replica. */
async function waitForReplica(): Promise<void> {
  const { db } = index.catalog
  await waitFor(
    () =>
      asReader(async () => {
        const [row] = (await db.execute(sql`SELECT pg_is_in_recovery() AS replica`)) as unknown as {
          replica: boolean
        }[]
        return row?.replica
      }),
    { what: 'the replica to catch up' },
  )
}

function openBoth({ primary, replica }: ReplicatedCluster): Promise<Catalog> {
  return openCatalog({
    databaseUrl: primary.url,
    databaseReplicaUrl: replica.url,
    onSide: (side) => {
      sides[side]++
    },
  })
}
