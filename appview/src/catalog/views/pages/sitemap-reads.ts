/**
 * Everything that has a page, in blocks of neighboring ids. The same rows are always in the same block, and no block has to
 * be found by counting.
 */
import { sql } from 'drizzle-orm'
import { type Db, rows, toInstant } from '../../../store/sql.ts'
import { shown, shownContent } from '../../shown.ts'

/** How many ids a block spans, and so the most rows in it. */
const span = 20_000

/** Reads the numbers of the blocks that contain visible datasets. */
export function readDatasetBlocks(db: Db): Promise<number[]> {
  return readBlocks(db, sql`(SELECT dataset_id AS id FROM catalog.dataset_change)`)
}

/** Reads the numbers of the blocks that contain announced contents. */
export function readContentBlocks(db: Db): Promise<number[]> {
  return readBlocks(db, sql`(SELECT id FROM catalog.content c WHERE ${shownContent('c')})`)
}

/** Reads the visible datasets of a block, and when each last changed. */
export async function readDatasetBlock(db: Db, block: number): Promise<{ uri: string; changedAt: string }[]> {
  const found = await rows<{ uri: string; at: string }>(
    db,
    sql`SELECT d.uri, c.changed_at::text AS at FROM catalog.dataset_change c JOIN catalog.dataset d ON d.id = c.dataset_id
        WHERE ${shown('d')} AND c.dataset_id >= ${block * span} AND c.dataset_id < ${(block + 1) * span} ORDER BY c.dataset_id`,
  )
  return found.map(({ uri, at }) => ({ uri, changedAt: toInstant(at) }))
}

/** Reads the infohashes of a block's announced contents; the v2 if there is one. */
export async function readContentBlock(db: Db, block: number): Promise<string[]> {
  const found = await rows<{ infoHash: string }>(
    db,
    sql`SELECT coalesce(info_hash_v2, info_hash_v1) AS "infoHash" FROM catalog.content c
        WHERE ${shownContent('c')} AND id >= ${block * span} AND id < ${(block + 1) * span} ORDER BY id`,
  )
  return found.map(({ infoHash }) => infoHash)
}

/** Finds blocks by jumping from each one directly to the next that is not empty. */
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
