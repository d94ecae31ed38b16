import type { DatabaseSync } from 'node:sqlite'

/** To be raised when the tables change. */
const schemaVersion = 1
const tables = ['kept', 'entry', 'pending', 'files', 'listed']
const schema = `
CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (
  sourceId TEXT PRIMARY KEY, state TEXT NOT NULL, rkey TEXT, digest TEXT, modified TEXT, address TEXT, filesDigest TEXT,
  seenRun INTEGER NOT NULL, seenAt TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_state ON entry (state, seenRun);
CREATE INDEX IF NOT EXISTS entry_rkey ON entry (rkey);
CREATE TABLE IF NOT EXISTS pending (
  seq INTEGER PRIMARY KEY, sourceId TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, modified TEXT, address TEXT NOT NULL,
  draft BLOB NOT NULL, seenRun INTEGER NOT NULL, rkey TEXT, isKnown INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS files (sourceId TEXT PRIMARY KEY, attempts INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS listed (sourceId TEXT PRIMARY KEY) WITHOUT ROWID;`

/** Makes the tables of a ledger, in one transaction. */
export function createTables(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE')
  const { user_version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  // A ledger in another form is begun again: the next run reads everything and recognizes its records.
  if (user_version !== schemaVersion) for (const table of tables) db.exec(`DROP TABLE IF EXISTS ${table}`)
  db.exec(`${schema} PRAGMA user_version = ${schemaVersion}; COMMIT`)
}

/** The statements that a ledger consists of. */
export function prepareStatements(db: DatabaseSync) {
  return {
    get: db.prepare('SELECT value FROM kept WHERE key = ?'),
    set: db.prepare('INSERT INTO kept VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'),
    entry: db.prepare('SELECT * FROM entry WHERE sourceId = ?'),
    putEntry: db.prepare(
      'INSERT OR REPLACE INTO entry VALUES (:sourceId, :state, :rkey, :digest, :modified, :address, :filesDigest, :seenRun, :seenAt)',
    ),
    count: db.prepare('SELECT count(*) AS n FROM entry WHERE state = ?'),
    after: db.prepare('SELECT * FROM entry WHERE state = ? AND sourceId > ? ORDER BY sourceId LIMIT 500'),
    leave: db.prepare(`UPDATE entry SET state = CASE state WHEN 'kept' THEN 'leaving' ELSE 'removed' END
      WHERE state IN ('kept', 'failed', 'other') AND seenRun < ?`),
    unknown: db.prepare(
      'SELECT sourceId FROM listed WHERE sourceId NOT IN (SELECT sourceId FROM entry UNION SELECT sourceId FROM pending)',
    ),
    list: db.prepare('INSERT OR IGNORE INTO listed VALUES (?)'),
    clearListed: db.prepare('DELETE FROM listed'),
    rkeys: db.prepare(
      `SELECT rkey FROM entry WHERE rkey IS NOT NULL AND state NOT IN ('leaving', 'removed')
      UNION SELECT rkey FROM pending WHERE rkey IS NOT NULL`,
    ),
    addPending:
      db.prepare(`INSERT INTO pending (sourceId, digest, modified, address, draft, seenRun, rkey, isKnown)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sourceId) DO UPDATE SET digest = excluded.digest,
      modified = excluded.modified, address = excluded.address, draft = excluded.draft, seenRun = excluded.seenRun`),
    pending: db.prepare('SELECT * FROM pending WHERE rkey IS NOT NULL ORDER BY seq LIMIT ?'),
    unplaced: db.prepare('SELECT * FROM pending WHERE rkey IS NULL ORDER BY seq LIMIT ?'),
    setPlace: db.prepare('UPDATE pending SET rkey = ?, isKnown = ? WHERE sourceId = ?'),
    handOver: db.prepare(
      "UPDATE entry SET rkey = NULL, state = 'removed' WHERE rkey = ? AND state IN ('leaving', 'removed') AND sourceId <> ?",
    ),
    removePending: db.prepare('DELETE FROM pending WHERE sourceId = ?'),
    addFiles: db.prepare('INSERT OR REPLACE INTO files VALUES (?, 0)'),
    addAllFiles: db.prepare(
      "INSERT OR IGNORE INTO files SELECT sourceId, 0 FROM entry WHERE state = 'kept' AND rkey IS NOT NULL",
    ),
    filesAfter: db.prepare(`SELECT sourceId, rkey, attempts FROM files JOIN entry USING (sourceId)
      WHERE state = 'kept' AND rkey IS NOT NULL AND sourceId > ? ORDER BY sourceId LIMIT ?`),
    noteAttempt: db.prepare('UPDATE files SET attempts = attempts + 1 WHERE sourceId = ?'),
    removeFiles: db.prepare('DELETE FROM files WHERE sourceId = ?'),
    pendingRun: db.prepare('SELECT seenRun FROM pending WHERE sourceId = ?'),
    newCount: db.prepare(
      'SELECT count(*) AS n FROM pending WHERE sourceId NOT IN (SELECT sourceId FROM entry)',
    ),
    pendingCount: db.prepare('SELECT count(*) AS n FROM pending'),
  }
}
