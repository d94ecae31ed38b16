/**
 * What has a page of its own, in blocks of neighbouring ids: the same things stand in the same block each time, and no
 * block is found by counting.
 */
import { sql } from 'drizzle-orm'
import { type Db, rows, toInstant } from '../../sql.ts'

/** Ids a block spans: at most so many things are in it. */
const span = 20_000

/** The numbers of the blocks that hold visible datasets. */
export function readDatasetBlocks(db: Db): Promise<number[]> {
  return readBlocks(db, sql`(SELECT dataset_id AS id FROM catalog.dataset_change)`)
}

/** The numbers of the blocks that hold announced contents. */
export function readContentBlocks(db: Db): Promise<number[]> {
  return readBlocks(db, sql`(SELECT id FROM catalog.content WHERE announced)`)
}

/** The visible datasets of a block, with when each last changed. */
export async function readDatasetBlock(db: Db, block: number): Promise<{ uri: string; changedAt: string }[]> {
  const found = await rows<{ uri: string; at: string }>(
    db,
    sql`SELECT d.uri, c.changed_at::text AS at FROM catalog.dataset_change c JOIN catalog.dataset d ON d.id = c.dataset_id
        WHERE d.visible AND c.dataset_id >= ${block * span} AND c.dataset_id < ${(block + 1) * span} ORDER BY c.dataset_id`,
  )
  return found.map(({ uri, at }) => ({ uri, changedAt: toInstant(at) }))
}

/** The announced contents of a block by infohash, v2 where there is one. */
export async function readContentBlock(db: Db, block: number): Promise<string[]> {
  const found = await rows<{ infoHash: string }>(
    db,
    sql`SELECT coalesce(info_hash_v2, info_hash_v1) AS "infoHash" FROM catalog.content
        WHERE announced AND id >= ${block * span} AND id < ${(block + 1) * span} ORDER BY id`,
  )
  return found.map(({ infoHash }) => infoHash)
}

/** From each block straight to the next one that holds something. */
async function readBlocks(db: Db, things: ReturnType<typeof sql>): Promise<number[]> {
  const firstFrom = (least: ReturnType<typeof sql>) =>
    sql`(SELECT things.id / ${span} FROM ${things} AS things WHERE things.id >= ${least} ORDER BY things.id LIMIT 1)`
  const found = await rows<{ block: number }>(
    db,
    sql`WITH RECURSIVE blocks (block) AS (
          SELECT ${firstFrom(sql`0`)}
          UNION ALL SELECT ${firstFrom(sql`(blocks.block + 1) * ${span}`)} FROM blocks WHERE blocks.block IS NOT NULL)
        SELECT block FROM blocks WHERE block IS NOT NULL`,
  )
  return found.map(({ block }) => Number(block))
}
