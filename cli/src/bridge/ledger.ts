import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import envPaths from 'env-paths'
import { CommandError } from '../command-error.ts'
import type { RecordJson } from '../records/repo.ts'
import { createTables, prepareStatements } from './ledger-tables.ts'
import type { Place } from './source.ts'

/** A dataset of the source, as the bridge left it. */
export interface Entry {
  readonly sourceId: string
  /**
   * `kept` has a record, `failed` could not be imported, `other` is no dataset, `leaving` is gone from the source but not
   * yet marked, `removed` is marked.
   */
  readonly state: 'kept' | 'failed' | 'other' | 'leaving' | 'removed'
  readonly rkey: string | null
  /** A hash of what was imported, by which a description is recognized as unchanged. */
  readonly digest: string | null
  readonly modified: string | null
  readonly address: string | null
  /** A hash of what was said of its files, which become torrents again only if that changes. */
  readonly filesDigest: string | null
  /** The number of the run that saw it last, and when that was. */
  readonly seenRun: number
  readonly seenAt: string
}

/** A description that has been read and not yet written. */
export interface Pending {
  readonly sourceId: string
  readonly digest: string
  readonly modified: string | null
  readonly address: string
  readonly draft: PendingDraft
  /** The number of the run that read it. */
  readonly seenRun: number
  /** The place in the repo, once it is decided, and whether a record of the same data is there. */
  readonly rkey: string | null
  readonly isKnown: boolean
}

export interface PendingDraft {
  readonly record: RecordJson
  readonly rkey: string | undefined
  readonly descriptionMarkdown?: string | undefined
  /** The kinds of field that could not be taken over. */
  readonly leftOver: readonly string[]
}

/** A run that is under way, or was interrupted. */
export interface Run {
  readonly number: number
  /** What is being read; `done` after that, when what was read is written. */
  readonly phase: 'changes' | 'list' | 'describe' | 'done'
  /** How many datasets had a record and were not marked when it began. */
  readonly known: number
  /** Whether everything was asked for, and so also what could not be written is tried again. */
  readonly isFull: boolean
  /** Whether what did not change is written, too, to replace fields that the owner changed. */
  readonly isForced: boolean
  /** Whether everything is read, so that what does not appear is gone. */
  readonly isWhole: boolean
  /** Where the next request begins, and whether the phase needs none any more. */
  readonly place: Place | null
  readonly isRead: boolean
  readonly since: string | null
  readonly nextSince: string | null
  /** The number of datasets that the source states for this phase. */
  readonly total: number | null
  /** How many datasets the source has listed so far in this phase. */
  readonly listed: number
}

/** A dataset whose files are still to become torrents. */
export interface FilesTodo {
  readonly sourceId: string
  readonly rkey: string
  readonly attempts: number
}

export interface Transaction extends Disposable {
  commit(): void
}

export interface Ledger extends Disposable {
  /** What is kept under a name, such as the value with which the next run begins. */
  get<T>(key: string): T | undefined
  set(key: string, value: unknown): void
  entry(sourceId: string): Entry | undefined
  putEntry(entry: Entry): void
  count(state: Entry['state']): number
  entries(state: Entry['state']): Iterable<Entry>
  /** Marks the kept datasets that no run since `run` has seen as leaving. */
  leaveUnseen(run: number): void
  /** The identifiers that `listed` holds and no dataset has. */
  unknownListed(): string[]
  /** Whether it was not noted before. */
  noteListed(sourceId: string): boolean
  clearListed(): void
  /** The records of datasets that are there. */
  rkeys(): Iterable<string>
  addPending(pending: Pending): void
  pending(limit: number): Pending[]
  unplaced(limit: number): Pending[]
  /**
   * Decides the place of a pending description. If a dataset that is gone has that record, it hands it over: the source gave it
   * another identifier.
   */
  setPlace(sourceId: string, place: { rkey: string; isKnown: boolean }): void
  removePending(sourceId: string): void
  pendingCount(): number
  /** The run that read what is pending of a dataset. */
  pendingRun(sourceId: string): number | undefined
  /** The number of pending datasets that have no entry yet. */
  newCount(): number
  /** Queues a dataset whose files are to become torrents. */
  addFiles(sourceId: string): void
  /** Queues all datasets that have a record. */
  addAllFiles(): void
  /** Datasets of the queue, in the order of their identifiers, with how often they were tried. */
  filesAfter(sourceId: string, limit: number): FilesTodo[]
  noteAttempt(sourceId: string): void
  removeFiles(sourceId: string): void
  /** Begins what is kept as a whole or, unless `commit` is called before it is disposed of, not at all. */
  transaction(): Transaction
  /** A copy in a temporary database, for a run that leaves no trace. */
  copyTo(path: string): void
}

/**
 * The file of a bridge's ledger: one for each account and `name`, which is the address with the options that choose what is
 * read, in `bridges/` beside the accounts.
 */
export function ledgerPath(
  did: string,
  { url, name }: { url: string; name: string },
  directory = envPaths('holdfast', { suffix: '' }).config,
): string {
  const hash = createHash('sha256').update(`${did} ${name}`).digest('hex').slice(0, 32)
  return join(directory, 'bridges', `${new URL(url).hostname.replace(/[^\w.-]/g, '_')}-${hash}.sqlite`)
}

/**
 * Opens the ledger, which no second process can open meanwhile: SQLite's lock is the operating system's own, so that a
 * killed process leaves nothing stale behind. Throws a CommandError if another process has it.
 */
export function openLedger(path: string): Ledger {
  if (path !== ':memory:') {
    const directory = join(path, '..')
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    chmodSync(directory, 0o700)
  }
  const db = new DatabaseSync(path, { timeout: 0 })
  try {
    // After a crash of the process every transaction is there; after a power cut the last ones may be missing.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    createTables(db)
  } catch (cause) {
    db.close()
    if (!/locked|busy/i.test((cause as Error).message)) throw cause
    throw new CommandError(
      'failure',
      'Another holdfast bridge of this account and address is running; it goes on by itself.',
      { cause },
    )
  }
  return ledgerOf(db)
}

function ledgerOf(db: DatabaseSync): Ledger {
  const sql = prepareStatements(db)
  const entryOf = (row: unknown) => (row === undefined ? undefined : ({ ...(row as object) } as Entry))
  const isTrue = { 0: false, 1: true }
  const pendingOf = (row: unknown): Pending => {
    const { draft, isKnown, ...rest } = row as { draft: Uint8Array; isKnown: 0 | 1 } & Omit<
      Pending,
      'draft' | 'isKnown'
    >
    return {
      ...rest,
      isKnown: isTrue[isKnown],
      draft: JSON.parse(inflateRawSync(draft).toString()) as PendingDraft,
    }
  }
  return {
    get<T>(key: string) {
      const row = sql.get.get(key) as { value: string } | undefined
      return row && (JSON.parse(row.value) as T)
    },
    set: (key, value) => void sql.set.run(key, JSON.stringify(value ?? null)),
    entry: (sourceId) => entryOf(sql.entry.get(sourceId)),
    putEntry: (entry) => void sql.putEntry.run({ ...entry }),
    count: (state) => (sql.count.get(state) as { n: number }).n,
    *entries(state) {
      for (let after = ''; ; ) {
        const rows = sql.after.all(state, after).map((row) => entryOf(row)!)
        yield* rows
        if (rows.length === 0) return
        after = rows.at(-1)!.sourceId
      }
    },
    leaveUnseen: (run) => void sql.leave.run(run),
    unknownListed: () => sql.unknown.all().map((row) => (row as { sourceId: string }).sourceId),
    noteListed: (sourceId) => sql.list.run(sourceId).changes > 0,
    clearListed: () => void sql.clearListed.run(),
    *rkeys() {
      for (const row of sql.rkeys.iterate()) yield (row as { rkey: string }).rkey
    },
    addPending: ({ sourceId, digest, modified, address, draft, seenRun, rkey, isKnown }) => {
      const bytes = deflateRawSync(JSON.stringify(draft))
      sql.addPending.run(...[sourceId, digest, modified, address, bytes, seenRun, rkey, isKnown ? 1 : 0])
    },
    pending: (limit) => sql.pending.all(limit).map(pendingOf),
    unplaced: (limit) => sql.unplaced.all(limit).map(pendingOf),
    setPlace(sourceId, { rkey, isKnown }) {
      sql.setPlace.run(rkey, isKnown ? 1 : 0, sourceId)
      sql.handOver.run(rkey, sourceId)
    },
    removePending: (sourceId) => void sql.removePending.run(sourceId),
    pendingCount: () => (sql.pendingCount.get() as { n: number }).n,
    pendingRun: (sourceId) => (sql.pendingRun.get(sourceId) as { seenRun: number } | undefined)?.seenRun,
    newCount: () => (sql.newCount.get() as { n: number }).n,
    addFiles: (sourceId) => void sql.addFiles.run(sourceId),
    addAllFiles: () => void sql.addAllFiles.run(),
    filesAfter: (sourceId, limit) =>
      sql.filesAfter.all(sourceId, limit).map((row) => ({ ...(row as unknown as FilesTodo) })),
    noteAttempt: (sourceId) => void sql.noteAttempt.run(sourceId),
    removeFiles: (sourceId) => void sql.removeFiles.run(sourceId),
    transaction() {
      db.exec('BEGIN')
      let isOpen = true
      const end = (how: 'COMMIT' | 'ROLLBACK') => {
        if (isOpen) db.exec(how)
        isOpen = false
      }
      return { commit: () => end('COMMIT'), [Symbol.dispose]: () => end('ROLLBACK') }
    },
    copyTo: (path) => void db.prepare('VACUUM INTO ?').run(path),
    [Symbol.dispose]: () => db.close(),
  }
}
