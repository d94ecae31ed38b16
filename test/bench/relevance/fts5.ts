import { DatabaseSync } from 'node:sqlite'
import type { RegistryEntry } from './registry.ts'

/**
 * Searches the same texts with plain BM25: SQLite FTS5 over title, publisher and people, keywords and description, with
 * porter stems, any of the words, and unmodified `bm25()`. Returns rkeys, the best first.
 */
export function startFts5(entries: readonly RegistryEntry[]): (query: string) => string[] {
  const database = new DatabaseSync(':memory:')
  database.exec(`CREATE VIRTUAL TABLE text USING fts5(
    rkey UNINDEXED, title, people, keywords, description, tokenize = 'porter unicode61')`)
  const insert = database.prepare('INSERT INTO text VALUES (?, ?, ?, ?, ?)')
  for (const { rkey, record } of entries) {
    const people = [record.publisher, ...(record.creators ?? [])].map((agent) => agent?.name ?? '')
    const keywords = (record.keywords ?? []).map((keyword) => keyword.name)
    insert.run(rkey, record.title, people.join(' '), keywords.join(' '), record.description ?? '')
  }
  const find = database.prepare(
    'SELECT rkey FROM text WHERE text MATCH ? ORDER BY bm25(text), rowid LIMIT 25',
  )
  return (query) => {
    const words = query.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
    if (words.length === 0) return []
    return find.all(words.map((word) => `"${word}"`).join(' OR ')).map((row) => String(row.rkey))
  }
}
