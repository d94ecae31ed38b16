import { type SQL, sql } from 'drizzle-orm'
import { recordset } from '../store/sql.ts'
import type { VocabularyEntry } from './dataset-terms.ts'

/** The statement that adds words and names to the vocabulary. They are sorted, so that two transactions never deadlock. */
export function insertVocabulary(entries: readonly VocabularyEntry[]): SQL {
  const unique = new Map(
    entries.filter((entry) => entry.key !== '').map((entry) => [`${entry.kind} ${entry.key}`, entry]),
  )
  return sql`
    INSERT INTO catalog.vocabulary (kind, key, text, base)
    SELECT kind, key, text, base FROM ${recordset([...unique.values()], 'kind text, key text, text text, base bigint')}
    ORDER BY kind, key COLLATE "C" ON CONFLICT DO NOTHING`
}

/** The statement that writes the texts in which phrases are looked for. */
export function insertPhrases(texts: readonly { id: number; phrases: string }[]): SQL {
  return sql`
    INSERT INTO catalog.dataset_phrases (dataset_id, phrases)
    SELECT id, phrases FROM ${recordset(texts, 'id bigint, phrases text')}
    ON CONFLICT (dataset_id) DO UPDATE SET phrases = excluded.phrases`
}

/** PostgreSQL's text of an array of codes. */
export function codesText(codes: readonly number[]): string {
  return `{${codes.join(',')}}`
}
