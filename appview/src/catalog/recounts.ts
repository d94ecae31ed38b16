/**
 * Derives what too many rows take part in for the transaction that changed one of them: the counts of datasets that many
 * torrents name, which of these torrents are wanted, and the seeders of contents that many torrents share. Subjects take
 * turns, a few hundred torrents each.
 */
import { type SQL, sql } from 'drizzle-orm'
import { type Db, rows } from '../store/sql.ts'
import { writingTogether } from '../store/write-turns.ts'
import {
  copySeedersTo,
  countNow,
  countTorrents,
  datasetsNamedBy,
  lockDatasets,
} from './derive/dataset-counts.ts'
import type { RecountKind } from './derive/recount-notes.ts'
import { refreshWantedOf } from './derive/wanted-torrents.ts'

const sliceSize = 200

/** Does a part of what was noted, for the subject that has waited longest. Resolves with whether there was something. */
export async function recountNext(db: Db): Promise<boolean> {
  const [next] = await rows<{ kind: RecountKind; subject: string }>(
    db,
    sql`SELECT kind, subject FROM catalog.recount ORDER BY since LIMIT 1`,
  )
  if (!next) return false
  await writingTogether(db, (tx) => steps[next.kind](tx, next.subject))
  return true
}

const steps: Readonly<Record<RecountKind, (tx: Db, subject: string) => Promise<void>>> = {
  async seeders(tx, key) {
    const torrents = await takeSlice(tx, 'seeders', key, (after) => ofContent(key, after))
    const changed = await copySeedersTo(tx, key, torrents)
    await countTorrents(tx, { locked: [], others: await datasetsNamedBy(tx, changed) })
  },

  async wanted(tx, uri) {
    const torrents = await takeSlice(
      tx,
      'wanted',
      uri,
      (after) => sql`
        SELECT torrent_id AS id FROM catalog.torrent_dataset WHERE dataset_uri = ${uri} AND torrent_id > ${after}
        ORDER BY torrent_id LIMIT ${sliceSize}`,
    )
    const changed = await refreshWantedOf(tx, torrents)
    await countTorrents(tx, { locked: [], others: await datasetsNamedBy(tx, changed) })
  },

  async counts(tx, uri) {
    await lockDatasets(tx, [uri])
    await tx.execute(sql`DELETE FROM catalog.recount WHERE kind = 'counts' AND subject = ${uri}`)
    await countNow(tx, [uri])
  },
}

function ofContent(key: string, after: number): SQL {
  const first = (where: SQL) =>
    sql`(SELECT id FROM catalog.torrent WHERE ${where} AND id > ${after} ORDER BY id LIMIT ${sliceSize})`
  return sql`
    SELECT id FROM (
      ${first(sql`info_hash_v2 = ${key}`)} UNION ALL ${first(sql`info_hash_v1 = ${key} AND info_hash_v2 IS NULL`)}) AS its
    ORDER BY id LIMIT ${sliceSize}`
}

/** The next torrents of a subject. After the last ones the note is deleted, unless the subject changed meanwhile. */
async function takeSlice(
  tx: Db,
  kind: RecountKind,
  subject: string,
  after: (id: number) => SQL,
): Promise<number[]> {
  const at = sql`kind = ${kind} AND subject = ${subject}`
  const [note] = await rows<{ afterId: number; again: boolean }>(
    tx,
    sql`SELECT after_id AS "afterId", again FROM catalog.recount WHERE ${at} FOR UPDATE`,
  )
  if (!note) return []
  const ids = (await rows<{ id: number }>(tx, after(Number(note.afterId)))).map(({ id }) => Number(id))
  if (ids.length === sliceSize)
    await tx.execute(
      sql`UPDATE catalog.recount SET after_id = ${ids.at(-1)!}, since = clock_timestamp() WHERE ${at}`,
    )
  else if (note.again)
    await tx.execute(
      sql`UPDATE catalog.recount SET after_id = 0, again = false, since = clock_timestamp() WHERE ${at}`,
    )
  else await tx.execute(sql`DELETE FROM catalog.recount WHERE ${at}`)
  return ids
}
