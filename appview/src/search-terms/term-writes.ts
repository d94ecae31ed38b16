import { sql } from 'drizzle-orm'
import { type Db, recordset } from '../store/sql.ts'
import type { VocabularyEntry } from './dataset-terms.ts'

/** Adds words and names to the vocabulary. They are sorted, so that two transactions never deadlock. */
export async function writeVocabulary(tx: Db, entries: readonly VocabularyEntry[]): Promise<void> {
  const unique = new Map(
    entries.filter((entry) => entry.key !== '').map((entry) => [`${entry.kind} ${entry.key}`, entry]),
  )
  if (unique.size === 0) return
  await tx.execute(sql`
    INSERT INTO catalog.vocabulary (kind, key, text, base)
    SELECT kind, key, text, base FROM ${recordset([...unique.values()], 'kind text, key text, text text, base bigint')}
    ORDER BY kind, key COLLATE "C" ON CONFLICT DO NOTHING`)
}

export async function writePhrases(tx: Db, texts: readonly { id: number; phrases: string }[]): Promise<void> {
  await tx.execute(sql`
    INSERT INTO catalog.dataset_phrases (dataset_id, phrases)
    SELECT id, phrases FROM ${recordset(texts, 'id bigint, phrases text')}
    ON CONFLICT (dataset_id) DO UPDATE SET phrases = excluded.phrases`)
}

/** PostgreSQL's text of an array of codes. */
export function codesText(codes: readonly number[]): string {
  return `{${codes.join(',')}}`
}
