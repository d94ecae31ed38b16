import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const require = createRequire(import.meta.url)
const Database = require('better-sqlite3')

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-sqlite-'))
  path = join(directory, 'test.sqlite')
})
afterEach(() => rm(directory, { recursive: true }))

test('the workspace resolves the name to this adapter', () => {
  expect(Database).toBe(require('./index.cjs'))
})

test('returns blobs as Buffers from every way of reading', () => {
  const db = new Database(path)
  db.exec('create table t (id integer primary key, bytes blob)')
  const bytes = Buffer.from([0, 1, 254, 255])
  expect(db.prepare('insert into t (bytes) values (?)').run([bytes])).toEqual({
    changes: 1,
    lastInsertRowid: 1,
  })
  const select = db.prepare('select bytes from t where id = ?')
  expect(select.reader).toBe(true)
  for (const row of [select.get(1), select.all([1])[0], [...select.iterate(1)][0]]) {
    expect(Buffer.isBuffer(row.bytes)).toBe(true)
    expect(row.bytes).toEqual(bytes)
  }
  expect(select.get(2)).toBeUndefined()
  db.close()
})

test('a statement that returns rows reports so, also a write with RETURNING', () => {
  const db = new Database(':memory:').exec('create table t (id integer primary key)')
  expect(db.prepare('insert into t default values').reader).toBe(false)
  const returning = db.prepare('insert into t default values returning id')
  expect(returning.reader).toBe(true)
  expect(returning.all()).toEqual([{ id: 1 }])
  expect(db.pragma('user_version')).toEqual([{ user_version: 0 }])
  expect(db.open).toBe(true)
  expect(db.close().close().open).toBe(false)
})

test.each([
  ['insert into t values (1, null, 0)', 'SQLITE_CONSTRAINT_PRIMARYKEY'],
  ["insert into t values (2, 'a', 0)", 'SQLITE_CONSTRAINT_UNIQUE'],
  ["insert into t values (3, 'b', null)", 'SQLITE_CONSTRAINT_NOTNULL'],
  ['insert into child values (99)', 'SQLITE_CONSTRAINT_FOREIGNKEY'],
  ['select * from missing', 'SQLITE_ERROR'],
])('%s fails with %s', (source, code) => {
  const db = new Database(':memory:')
  db.exec(
    "create table t (id integer primary key, name text unique, n integer not null); insert into t values (1, 'a', 0)",
  )
  db.exec('create table child (t integer references t (id))')
  expect(() => db.prepare(source).run()).toThrow(expect.objectContaining({ name: 'SqliteError', code }))
  db.close()
})

test('reports a locked database as SQLITE_BUSY at once when there is no timeout', () => {
  const [one, other] = openTwo()
  one.exec('begin immediate')
  expect(() => other.exec('begin immediate')).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }))
  one.close()
  other.close()
})

test('reports a write after an outdated read as SQLITE_BUSY_SNAPSHOT', () => {
  const [one, other] = openTwo()
  other.exec('begin').prepare('select * from t').all()
  one.exec('insert into t values (1)')
  expect(() => other.exec('insert into t values (2)')).toThrow(
    expect.objectContaining({ code: 'SQLITE_BUSY_SNAPSHOT' }),
  )
  one.close()
  other.close()
})

/** Two connections, which do not wait for each other, to one database with a write-ahead log. */
function openTwo() {
  const two = [new Database(path, { timeout: 0 }), new Database(path, { timeout: 0 })] as const
  two[0].pragma('journal_mode = wal')
  two[0].exec('create table if not exists t (n integer)')
  return two
}
