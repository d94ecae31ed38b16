import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows } from '../store/sql.ts'

/** All infohashes of the content with this infohash, as far as they are known from verified metainfo. */
export async function knownForms(db: Db, infoHash: string): Promise<string[]> {
  const found = await rows<{ v1: string | null; v2: string | null }>(
    db,
    sql`SELECT info_hash_v1 AS v1, info_hash_v2 AS v2 FROM catalog.content
        WHERE info_hash_v1 = ${infoHash} OR info_hash_v2 = ${infoHash} OR left(info_hash_v2, 40) = ${infoHash}`,
  )
  return allForms([infoHash, ...found.flatMap((row) => [row.v1, row.v2]).filter((hash) => hash !== null)])
}

/** These infohashes, and for each v2 infohash its first 20 bytes, under which clients announce it (BEP 52). */
function allForms(infoHashes: readonly string[]): string[] {
  return [...new Set(infoHashes.flatMap((hash) => (hash.length === 64 ? [hash, hash.slice(0, 40)] : [hash])))]
}

/** Extends decisions on one infohash of a content to the other infohashes that verified metainfo has revealed. */
export async function extendAdmissions(tx: Db, contents: readonly (readonly string[])[]): Promise<void> {
  const forms = contents.map(allForms)
  const decided = await rows<{ form: string; subject: string; action: 'allow' | 'deny' }>(
    tx,
    sql`SELECT info_hash AS form, subject, action FROM local.info_hash_admission
        WHERE info_hash = ${anyOf(forms.flat())} ORDER BY action DESC`,
  )
  if (decided.length === 0) return
  for (const own of forms) {
    // If two decisions conflict, the denial wins: 'deny' sorts after 'allow'.
    const winner = decided.find(({ form }) => own.includes(form))
    if (winner) for (const form of own) await writeForm(tx, form, winner)
  }
}

/** Writes a decision on one infohash of a content for another of its infohashes. */
export async function writeForm(
  tx: Db,
  form: string,
  decision: { subject: string; action: 'allow' | 'deny' },
): Promise<void> {
  await tx.execute(sql`
    INSERT INTO local.info_hash_admission (info_hash, subject, action)
    VALUES (${form}, ${decision.subject}, ${decision.action})
    ON CONFLICT (info_hash) DO UPDATE SET subject = excluded.subject, action = excluded.action`)
}
