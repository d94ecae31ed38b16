// Stands in for better-sqlite3 in tests: the part of its API that Kysely and @atproto/pds call, over Node's own
// SQLite. The real one compiles against the headers of whatever Node installs it, and then fails under Node 24.
'use strict'

const { DatabaseSync } = require('node:sqlite')

class Database {
  #db

  constructor(path = ':memory:', { readonly = false, timeout = 5000 } = {}) {
    this.name = path
    this.#db = translated(() => new DatabaseSync(path, { readOnly: readonly, timeout }))
  }

  get open() {
    return this.#db.isOpen
  }

  prepare(source) {
    return translated(() => new Statement(this.#db.prepare(source), source))
  }

  exec(source) {
    translated(() => this.#db.exec(source))
    return this
  }

  pragma(source) {
    return this.prepare(`PRAGMA ${source}`).all()
  }

  close() {
    if (this.#db.isOpen) this.#db.close()
    return this
  }
}

class Statement {
  #statement

  constructor(statement, source) {
    this.#statement = statement
    this.source = source
    /** Whether it returns rows; Kysely chooses between `all` and `run` by it. */
    this.reader = statement.columns().length > 0
  }

  all(...parameters) {
    return translated(() => this.#statement.all(...flat(parameters)).map(withBuffers))
  }

  get(...parameters) {
    return translated(() => withBuffers(this.#statement.get(...flat(parameters))))
  }

  run(...parameters) {
    return translated(() => this.#statement.run(...flat(parameters)))
  }

  *iterate(...parameters) {
    const rows = translated(() => this.#statement.iterate(...flat(parameters)))
    for (;;) {
      const { done, value } = translated(() => rows.next())
      if (done) return
      yield withBuffers(value)
    }
  }
}

class SqliteError extends Error {
  constructor(cause) {
    super(cause.message, { cause })
    this.name = 'SqliteError'
    // An extended result code carries its primary one in the low byte.
    this.code = Codes[cause.errcode] ?? Codes[cause.errcode & 0xff] ?? 'SQLITE_ERROR'
  }
}

/** The PDS decides by these names whether to try again and whether a handle is taken (sqlite.org/rescode.html). */
const Codes = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  261: 'SQLITE_BUSY_RECOVERY',
  275: 'SQLITE_CONSTRAINT_CHECK',
  517: 'SQLITE_BUSY_SNAPSHOT',
  773: 'SQLITE_BUSY_TIMEOUT',
  787: 'SQLITE_CONSTRAINT_FOREIGNKEY',
  1299: 'SQLITE_CONSTRAINT_NOTNULL',
  1555: 'SQLITE_CONSTRAINT_PRIMARYKEY',
  2067: 'SQLITE_CONSTRAINT_UNIQUE',
}

/** Runs `work` and gives SQLite's own failures the shape better-sqlite3 gives them. */
function translated(work) {
  try {
    return work()
  } catch (error) {
    throw error.code === 'ERR_SQLITE_ERROR' ? new SqliteError(error) : error
  }
}

/** Node returns blobs as bare Uint8Arrays; callers here rely on Buffer. The bytes are shared, not copied. */
function withBuffers(row) {
  for (const column in row) {
    const value = row[column]
    if (value instanceof Uint8Array)
      row[column] = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  return row
}

/** Parameters come one by one or as one array. */
function flat(parameters) {
  return parameters.length === 1 && Array.isArray(parameters[0]) ? parameters[0] : parameters
}

module.exports = Database
module.exports.SqliteError = SqliteError
