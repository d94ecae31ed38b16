import { existsSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CorpusMaker } from './corpus.ts'
import { chunkSize, distinct } from './load-postgres.ts'
import type { BenchQuery } from './queries.ts'

/**
 * SQLite FTS5 over the same texts: titles, people, keywords and descriptions with our bm25 weights, and a table of the
 * columns for filters and sorting. It is kept in the temporary folder for later runs.
 */
export function prepareFts5(count: number, log: (line: string) => void): DatabaseSync {
  const path = join(tmpdir(), `holdfast-bench-fts5-2-${count}.sqlite`)
  if (!existsSync(path)) {
    const unfinished = `${path}.unfinished`
    rmSync(unfinished, { force: true })
    const started = performance.now()
    fill(unfinished, count, log)
    renameSync(unfinished, path)
    log(`FTS5: ${count} datasets in ${((performance.now() - started) / 1000).toFixed(0)} s`)
  }
  const database = new DatabaseSync(path, { readOnly: true })
  database.exec('PRAGMA mmap_size = 8000000000; PRAGMA cache_size = -500000')
  return database
}

/** Searches like `searchDatasets`, with all words required, but without counting: it only reads the page. */
export function searchFts5(database: DatabaseSync, { words, search }: BenchQuery): number[] {
  const conditions = ['text MATCH ?']
  const order =
    { newest: 'd.created DESC', largest: 'd.size DESC', 'fewest-seeders': 'd.seeders IS NULL, d.seeders' }[
      search.sort ?? ''
    ] ?? 'rank'
  if (search.risk) conditions.push(`d.risk = '${search.risk[0]}'`)
  if (search.license) conditions.push(`d.license = '${search.license}'`)
  if (search.hasTorrent) conditions.push('d.seeders IS NOT NULL')
  if (search.minSizeBytes) conditions.push(`d.size BETWEEN ${search.minSizeBytes} AND ${search.maxSizeBytes}`)
  if (search.createdAfter) conditions.push(`d.created >= '${search.createdAfter}'`)
  const joined = order !== 'rank' || conditions.length > 1
  const statement = database.prepare(
    `SELECT text.rowid AS id FROM text ${joined ? 'JOIN dataset d ON d.id = text.rowid' : ''}
     WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT 10`,
  )
  return statement.all(words.map((word) => `"${word}"`).join(' ')).map((row) => Number(row.id))
}

function fill(path: string, count: number, log: (line: string) => void): void {
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000;
    CREATE VIRTUAL TABLE text USING fts5(title, people, keywords, description, tokenize = 'porter unicode61');
    INSERT INTO text(text, rank) VALUES ('rank', 'bm25(6, 2.5, 2.5, 1)');
    CREATE TABLE dataset (id INTEGER PRIMARY KEY, license TEXT, risk TEXT, size INTEGER, seeders INTEGER, created TEXT)`)
  const text = database.prepare(
    'INSERT INTO text (rowid, title, people, keywords, description) VALUES (?, ?, ?, ?, ?)',
  )
  const row = database.prepare('INSERT INTO dataset VALUES (?, ?, ?, ?, ?, ?)')
  const made = Math.min(count, distinct)
  for (let from = 1; from <= made; from += chunkSize.datasets) {
    const maker = new CorpusMaker(from)
    database.exec('BEGIN')
    for (let id = from; id < Math.min(from + chunkSize.datasets, made + 1); id++) {
      const dataset = maker.dataset()
      text.run(id, dataset.title, dataset.publisher, dataset.keywords.join(' '), dataset.description)
      row.run(id, dataset.license, dataset.risk, dataset.sizeBytes, dataset.seeders, dataset.createdAt)
    }
    database.exec('COMMIT')
    log(`FTS5: ${Math.min(from + chunkSize.datasets - 1, made)} datasets`)
  }
  // The same copies as in the other store.
  for (let offset = distinct; offset < count; offset += distinct)
    database.exec(`
      INSERT INTO text (rowid, title, people, keywords, description)
        SELECT rowid + ${offset}, title, people, keywords, description FROM text WHERE rowid <= ${Math.min(distinct, count - offset)};
      INSERT INTO dataset SELECT id + ${offset}, license, risk, size + ${offset / distinct}, seeders,
          strftime('%Y-%m-%dT%H:%M:%fZ', created, '+${offset / distinct} minutes')
        FROM dataset WHERE id <= ${Math.min(distinct, count - offset)}`)
  database.exec(`INSERT INTO text(text) VALUES ('optimize')`)
  database.exec('ANALYZE')
  database.close()
}
