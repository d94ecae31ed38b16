/**
 * Decides which descriptions are shown as one card: those that share an identifier, and those without identifiers that
 * share a page and a title. Only visible datasets are joined. What one author can cause is limited: the keys of a record
 * (see `cardKeys`), the datasets of a key, and the datasets that are examined for one change.
 */
import { createHash } from 'node:crypto'
import { cardKeys } from '@holdfast/lexicons/identifiers'
import { type SQL, sql } from 'drizzle-orm'
import { anyIdOf, type Db, recordset, rows, textArray } from '../../store/sql.ts'
import type { Touched } from './touched.ts'

/** At most this many datasets with one key are joined; the oldest are chosen. */
const maxDatasetsPerKey = 100
const maxRounds = 12
const maxNeighbors = 1_000
const maxAtOnce = 2_000
/** At most this many rows are gone through to find those that share keys with some datasets. */
const maxSharers = 50_000
/** The longest key that is stored as it is, because a B-tree limits its entries; of longer keys the hash is stored. */
const maxKeyLength = 300

/**
 * Writes the keys by which datasets are joined; {@link regroup} then joins them. Resolves with the datasets that have no
 * key.
 */
export async function writeCardKeys(
  tx: Db,
  records: readonly { id: number; value: Record<string, unknown> }[],
): Promise<number[]> {
  const input = records.flatMap(({ id, value }) => {
    const { own, page, isIdentified: identified } = cardKeys(value)
    return [
      ...own.map((key) => ({ id, key: boundedKey(key), own: true, identified })),
      ...(page === undefined ? [] : [{ id, key: boundedKey(page), own: false, identified }]),
    ]
  })
  const keyed = new Set(input.map(({ id }) => id))
  const keyless = records.flatMap(({ id }) => (keyed.has(id) ? [] : [id]))
  if (input.length === 0) return keyless
  await tx.execute(sql`
    INSERT INTO catalog.card_key (key, dataset_id, own, identified, visible)
    SELECT key, id, own, identified, false FROM ${recordset(input, 'id bigint, key text, own bool, identified bool')}
    ON CONFLICT DO NOTHING`)
  return keyless
}

/** Shortens a key so that an index can store it. */
export function boundedKey(key: string): string {
  if (key.length <= maxKeyLength) return key
  const hash = createHash('sha256').update(key).digest('base64url')
  return `${key.slice(0, key.indexOf(':') + 1)}${hash}`
}

/**
 * Joins touched datasets with those that share keys with them, and separates those that no longer belong together. A dataset
 * that was written without a key has a card of its own already.
 */
export async function regroup(tx: Db, { groupedDatasets, keylessDatasets }: Touched): Promise<void> {
  const datasetIds = [...groupedDatasets].filter((id) => !keylessDatasets.has(id))
  for (let at = 0; at < datasetIds.length; at += maxAtOnce)
    await regroupSome(tx, datasetIds.slice(at, at + maxAtOnce))
}

/**
 * Removes the keys of datasets. Resolves with the datasets that shared a key with them, since those may now be joined
 * differently: two datasets with different identifiers may have kept a third from joining.
 */
export async function removeCardKeys(tx: Db, datasetIds: readonly number[]): Promise<number[]> {
  const removed = await rows<{ key: string }>(
    tx,
    sql`DELETE FROM catalog.card_key WHERE dataset_id = ${anyIdOf(datasetIds)} RETURNING key`,
  )
  const sharers = await rows<{ id: number }>(
    tx,
    sql`SELECT DISTINCT id FROM (
          SELECT near.dataset_id AS id FROM ${sharersOf(sql`SELECT DISTINCT unnest(${textArray(removed.map(({ key }) => key))}) AS key`)}
          LIMIT ${maxSharers}) AS sharer
        LIMIT ${maxNeighbors}`,
  )
  return sharers.map(({ id }) => id)
}

/** Rows of `card_key` of visible datasets with these keys; of each key only the first few. */
function sharersOf(keys: SQL): SQL {
  return sql`(${keys}) AS mine CROSS JOIN LATERAL (
    SELECT dataset_id, key, own, identified FROM catalog.card_key k
    WHERE k.visible AND k.key = mine.key ORDER BY dataset_id LIMIT ${maxDatasetsPerKey}) AS near`
}

async function regroupSome(tx: Db, ids: readonly number[]): Promise<void> {
  await tx.execute(sql`
    UPDATE catalog.card_key AS k SET visible = d.visible FROM catalog.dataset d
    WHERE d.id = k.dataset_id AND k.visible <> d.visible AND d.id = ${anyIdOf(ids)}`)
  const before = await rows<{ id: number; group: number }>(
    tx,
    sql`
    WITH changed AS (SELECT id, group_id FROM catalog.dataset WHERE id = ${anyIdOf(ids)})
    SELECT id, group_id AS "group" FROM changed
    UNION
    (SELECT mate.id, mate.group_id FROM catalog.dataset mate
      WHERE mate.group_id IN (SELECT group_id FROM changed) LIMIT ${maxNeighbors})
    UNION
    (SELECT sharer.id, sharer.group_id FROM catalog.dataset sharer WHERE sharer.id IN (
      SELECT near.dataset_id FROM ${sharersOf(sql`SELECT DISTINCT key FROM catalog.card_key WHERE dataset_id = ${anyIdOf(ids)}`)}
      LIMIT ${maxSharers})
      LIMIT ${maxNeighbors})`,
  )
  const shared = await readNeighbors(
    tx,
    before.map(({ id }) => id),
  )
  const leaders = joinCards(shared)
  // A dataset that shares no key has a card of its own.
  const groups = new Map([...before.map(({ id }) => [id, id] as const), ...leaders])
  const groupBefore = new Map(before.map(({ id, group }) => [id, group]))
  const moved = [...groups].filter(([id, group]) => groupBefore.get(id) !== group)
  if (moved.length === 0) return
  await tx.execute(sql`
    UPDATE catalog.dataset AS d SET group_id = input.leader
    FROM ${recordset(
      moved.map(([id, leader]) => ({ id, leader })),
      'id bigint, leader bigint',
    )} WHERE d.id = input.id AND d.group_id <> input.leader`)
}

interface CardKey extends Record<string, unknown> {
  id: number
  key: string
  own: boolean
  identified: boolean
}

/** Reads the keys of these visible datasets, of those that share a key with them, and so on, up to a limit. */
async function readNeighbors(tx: Db, seeds: readonly number[]): Promise<CardKey[]> {
  const seen = new Set(seeds)
  const found = new Map<string, CardKey>()
  let frontier = [...seeds]
  for (let round = 0; frontier.length > 0 && round < maxRounds; round++) {
    const near = await rows<CardKey>(
      tx,
      sql`
      SELECT near.dataset_id AS id, near.key, near.own, near.identified FROM ${sharersOf(
        sql`SELECT DISTINCT key FROM catalog.card_key WHERE visible AND dataset_id = ${anyIdOf(frontier)}`,
      )}`,
    )
    const next = new Set<number>()
    for (const row of near) {
      found.set(`${row.id} ${row.key}`, row)
      if (!seen.has(row.id) && seen.size < seeds.length + maxNeighbors) {
        seen.add(row.id)
        next.add(row.id)
      }
    }
    frontier = [...next]
  }
  return [...found.values()].filter(({ id }) => seen.has(id))
}

/** Maps each dataset to the lowest id in its card. */
export function joinCards(keys: readonly CardKey[]): Map<number, number> {
  const leaders = new Map<number, number>()
  const leaderOf = (id: number): number => {
    let at = id
    while ((leaders.get(at) ?? at) !== at) at = leaders.get(at)!
    // Shorten the path, so that a long chain is walked only once.
    for (let on = id; on !== at; ) {
      const next = leaders.get(on)!
      leaders.set(on, at)
      on = next
    }
    return at
  }
  const join = (members: readonly CardKey[]) => {
    const all = members.map(({ id }) => leaderOf(id))
    const least = all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
    for (const leader of all) leaders.set(leader, least)
  }
  const byKey = [...Map.groupBy(keys, ({ key }) => key).values()]
  for (const members of byKey) if (members[0]!.own) join(members)
  for (const members of byKey) {
    if (members[0]!.own) continue
    // Datasets with different identifiers are not joined by a shared page; one without identifiers then joins neither of them.
    const identified = new Set(members.filter((one) => one.identified).map(({ id }) => leaderOf(id)))
    join(identified.size > 1 ? members.filter((one) => !one.identified) : members)
  }
  return new Map([...new Set(keys.map(({ id }) => id))].map((id) => [id, leaderOf(id)]))
}
