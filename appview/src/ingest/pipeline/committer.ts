import { applyBatch, type Batch, type RepoCommit, type RepoStateUpdate } from '../../catalog/ingest-writes.ts'
import type { Db } from '../../catalog/sql.ts'
import type { AccountUpdate } from '../../catalog/writes/account-writes.ts'
import { isTransient } from './database-fault.ts'

/** What one event writes; all of it in one transaction, together with the cursors it moves. */
export type Entry = {
  readonly commit?: RepoCommit
  readonly account?: AccountUpdate
  readonly repoState?: RepoStateUpdate
}

/**
 * Writes entries in the order they came, many in one transaction: while one is under way the next gathers, so an
 * idle stream commits at once and a busy one pays one fsync for hundreds of events. Cursors go with the rows. A
 * store that is away is tried again for ever; an entry the store cannot take is refused alone.
 */
export type Committer = AsyncDisposable & {
  /** Resolves when the entry is durable; `taken` runs when its batch is made up, before the cursors are read. */
  write(entry: Entry, taken?: () => void): Promise<void>
  /** Asks for the cursors to be written soon, without an entry. */
  touch(): void
  /** Resolves when everything written so far is durable, cursors too. */
  flush(): Promise<void>
  readonly databaseOk: boolean
}

export type CommitterOptions = {
  readonly db: Db
  /** Consecutive positions of the sources; read when a batch is taken, with that batch's entries counted as done. */
  readonly cursors: () => NonNullable<Batch['cursors']>
  readonly onFault: (error: unknown, what: 'retrying' | 'refused') => void
  readonly onBatch?: (entries: number, durationMs: number) => void
  readonly maxEntries?: number
  readonly touchMs?: number
}

type Waiting = Entry & { taken: () => void; resolve: () => void }

const RETRY_FIRST_MS = 100
const RETRY_MAX_MS = 5_000
const MAX_BATCH_OPS = 2_000
const CLOSING_MS = 3_000

/** Starts a committer over one store. */
export function createCommitter(options: CommitterOptions): Committer {
  const { db, maxEntries = 500, touchMs = 1_000 } = options
  const queue: Waiting[] = []
  const written = new Map<string, number>()
  let running: Promise<void> | undefined
  let touched: NodeJS.Timeout | undefined
  let databaseOk = true
  let closed = false

  const cursorsToWrite = () => options.cursors().filter(({ host, seq }) => written.get(host) !== seq)
  const attempt = async (batch: Batch, mayRefuse = false): Promise<void> => {
    for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
      try {
        await applyBatch(db, batch)
        databaseOk = true
        for (const { host, seq } of batch.cursors ?? []) written.set(host, seq)
        return
      } catch (error) {
        if (closed || (mayRefuse && !isTransient(error))) throw error
        databaseOk = false
        options.onFault(error, 'retrying')
        await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
    }
  }
  const commit = async (entries: readonly Waiting[]): Promise<void> => {
    const started = performance.now()
    try {
      await attempt(toBatch(entries, cursorsToWrite()), true)
    } catch (error) {
      if (closed) throw error
      // One entry the store cannot take must not stop the others: find it, and refuse it alone.
      for (const entry of entries)
        await attempt(toBatch([entry], []), true).catch((cause) => refuse(entry, cause))
      await attempt({ cursors: cursorsToWrite() })
    }
    options.onBatch?.(entries.length, performance.now() - started)
    for (const entry of entries) entry.resolve()
  }
  const refuse = async (entry: Entry, cause: unknown): Promise<void> => {
    if (closed) throw cause
    options.onFault(cause, 'refused')
    if (entry.commit) await attempt({ commits: [refusedCommit(entry.commit, cause)] })
  }
  const run = async (): Promise<void> => {
    while (queue.length > 0 && !closed) {
      const entries = takeBatch(queue, maxEntries)
      for (const entry of entries) entry.taken()
      await commit(entries)
    }
    if (!closed && cursorsToWrite().length > 0) touch()
  }
  const start = (): Promise<void> => {
    running ??= run().finally(() => {
      running = undefined
    })
    return running
  }
  const touch = () => {
    touched ??= setTimeout(() => {
      touched = undefined
      const cursors = cursorsToWrite()
      if (closed || running || cursors.length === 0) return
      running = attempt({ cursors })
        .catch((error) => options.onFault(error, 'retrying'))
        .finally(() => {
          running = undefined
          if (queue.length > 0) background()
        })
    }, touchMs)
  }
  const background = () => {
    if (!running) start().catch((error) => options.onFault(error, 'retrying'))
  }
  return {
    write(entry, taken = () => {}) {
      return new Promise<void>((resolve) => {
        queue.push({ ...entry, taken, resolve })
        background()
      })
    },
    touch,
    async flush() {
      do await start()
      while (queue.length > 0 && !closed)
      await attempt({ cursors: cursorsToWrite() })
    },
    get databaseOk() {
      return databaseOk
    },
    async [Symbol.asyncDispose]() {
      // What is not written now is read again next time, so a store that is away must not hold us up.
      const flushed = databaseOk
        ? this.flush().catch((error) => options.onFault(error, 'retrying'))
        : undefined
      await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, CLOSING_MS).unref())])
      closed = true
      clearTimeout(touched)
      await running?.catch(() => {})
    },
  }
}

/**
 * The next entries that may share a transaction. The store applies accounts, then commits, then repo states, so a
 * second kind of word about one DID waits for the next batch and keeps its place.
 */
function takeBatch(queue: Waiting[], maxEntries: number): Waiting[] {
  const kinds = new Map<string, string>()
  let ops = 0
  let count = 0
  for (const entry of queue) {
    ops += entry.commit?.ops.length ?? 0
    if (count >= maxEntries || (count > 0 && ops > MAX_BATCH_OPS)) break
    const parts = [
      ['account', entry.account?.did],
      ['commit', entry.commit?.did],
      ['state', entry.repoState?.did],
    ] as const
    if (parts.some(([kind, did]) => did && kinds.has(did) && kinds.get(did) !== kind)) break
    for (const [kind, did] of parts) if (did) kinds.set(did, kind)
    count++
  }
  return queue.splice(0, Math.max(count, 1))
}

function toBatch(entries: readonly Entry[], cursors: NonNullable<Batch['cursors']>): Batch {
  return {
    commits: entries.flatMap(({ commit }) => commit ?? []),
    accounts: entries.flatMap(({ account }) => account ?? []),
    repoStates: entries.flatMap(({ repoState }) => repoState ?? []),
    cursors,
  }
}

function refusedCommit(commit: RepoCommit, cause: unknown): RepoCommit {
  const detail = `the store cannot hold this record: ${cause instanceof Error ? cause.message : cause}`.slice(
    0,
    500,
  )
  const ops = commit.ops.map((op) =>
    op.action === 'put'
      ? ({
          action: 'reject',
          uri: op.uri,
          kind: op.kind,
          cid: op.cid,
          reason: 'invalid-lexicon',
          detail,
        } as const)
      : op,
  )
  return { ...commit, ops }
}
