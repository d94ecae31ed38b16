import { LatestMap } from '@holdfast/runtime/latest-map'
import { applyBatch, type Batch, type RepoCommit } from '../../catalog/apply-batch.ts'
import { faultOf } from '../../store/database-fault.ts'
import type { Db } from '../../store/sql.ts'
import { type Entry, toBatch, writeOrRefuse } from './write-or-refuse.ts'

/**
 * Writes entries in the order they came, many in one transaction: while one is under way the next gathers, so an
 * idle stream commits at once and a busy one pays one fsync for hundreds of events. Cursors go with the rows. A
 * store that is away is tried again for ever; a record that the store cannot take is refused alone, and until the
 * process ends its author's entries share no transaction with those of others.
 */
export type Committer = AsyncDisposable & {
  /** Resolves when the entry is durable; `event` is settled when its batch is made up, before the cursors are read. */
  write(entry: Entry, event?: Settles): Promise<void>
  /** Asks for the cursors to be written soon, without an entry. */
  touch(): void
  /** Resolves when everything written so far is durable, cursors too. */
  flush(): Promise<void>
  readonly databaseOk: boolean
}

export interface CommitterOptions {
  readonly db: Db
  /** Consecutive positions of the sources; read when a batch is taken, with that batch's entries counted as done. */
  readonly cursors: () => NonNullable<Batch['cursors']>
  readonly onFault: (error: unknown, what: 'retrying' | 'refused') => void
  /** All that was taken so far is durable. */
  readonly onDurable?: () => void
  readonly onBatch?: (entries: number, durationMs: number) => void
  readonly maxEntries?: number
  readonly touchMs?: number
}

/** What the cursor waits for. */
export interface Settles {
  settle(): void
}

type Waiting = Entry & { event: Settles | undefined; resolve: () => void }

const retryFirstMs = 100
const retryMaxMs = 5_000
/** One transaction: so many records, and so much of memory that they take decoded. */
const maxBatchOps = 2_000
const maxBatchBytes = 16_000_000
const doubtfulTries = 3
const mostSuspects = 10_000
const closingMs = 3_000

class CommitterClosedError extends Error {
  override readonly name = 'CommitterClosedError'
}

/** Starts a committer over one store. */
export function createCommitter(options: CommitterOptions): Committer {
  const { db, maxEntries = 500, touchMs = 1_000 } = options
  const queue: Waiting[] = []
  const written = new Map<string, number>()
  const suspects = new LatestMap<string, true>(mostSuspects)
  let running: Promise<void> | undefined
  let touched: NodeJS.Timeout | undefined
  let databaseOk = true
  let closed = false

  const cursorsToWrite = () => options.cursors().filter(({ host, seq }) => written.get(host) !== seq)
  /** Rejects when the store does not take what is in the batch, for good or as far as can be told. */
  const attempt = async (batch: Batch): Promise<void> => {
    let doubts = 0
    for (let waitMs = retryFirstMs; ; waitMs = Math.min(waitMs * 2, retryMaxMs)) {
      try {
        if (closed) throw new CommitterClosedError()
        await applyBatch(db, batch)
        databaseOk = true
        for (const { host, seq } of batch.cursors ?? []) written.set(host, seq)
        return
      } catch (error) {
        const fault = faultOf(error)
        if (closed || (fault === 'data' && holdsData(batch))) throw error
        databaseOk = false
        if (fault === 'doubtful' && holdsData(batch) && ++doubts >= doubtfulTries) {
          // Only where the store takes another transaction, it is not the store.
          await attempt({})
          throw error
        }
        options.onFault(error, 'retrying')
        await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
    }
  }
  const commit = async (entries: readonly Waiting[]): Promise<void> => {
    const started = performance.now()
    try {
      await attempt(toBatch(entries, cursorsToWrite()))
    } catch (error) {
      if (closed) throw error
      await writeOrRefuse(entries, attempt, (cause, did) => {
        options.onFault(cause, 'refused')
        if (did) suspects.set(did, true)
      })
      // What was broken off by the end was neither written nor refused.
      if (closed) throw error
      await attempt({ cursors: cursorsToWrite() })
    }
    options.onDurable?.()
    options.onBatch?.(entries.length, performance.now() - started)
    for (const entry of entries) entry.resolve()
  }
  const run = async (): Promise<void> => {
    while (queue.length > 0 && !closed) {
      const entries = takeBatch(queue, maxEntries, suspects)
      for (const entry of entries) entry.event?.settle()
      await commit(entries)
    }
    if (!closed && cursorsToWrite().length > 0) touch()
  }
  const start = (): Promise<void> => {
    running ??= run().finally(() => {
      running = undefined
      // Somebody may have written between the last look at the queue and here.
      if (queue.length > 0 && !closed) background()
    })
    return running
  }
  const touch = () => {
    touched ??= setTimeout(() => {
      touched = undefined
      const cursors = cursorsToWrite()
      if (closed || running || cursors.length === 0) return
      running = attempt({ cursors })
        .then(options.onDurable)
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
    write(entry, event) {
      return new Promise<void>((resolve) => {
        queue.push({ ...entry, event, resolve })
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
      await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, closingMs).unref())])
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
function takeBatch(queue: Waiting[], maxEntries: number, suspects: LatestMap<string, true>): Waiting[] {
  const kinds = new Map<string, string>()
  let [ops, bytes, count] = [0, 0, 0]
  for (const { account, commit, repoState } of queue) {
    ops += commit?.ops.length ?? 0
    bytes += memoryOf(commit)
    if (count >= maxEntries || (count > 0 && (ops > maxBatchOps || bytes > maxBatchBytes))) break
    const parts = [
      ['account', account?.did],
      ['commit', commit?.did],
      ['state', repoState?.did],
    ] as const
    if (parts.some(([kind, did]) => did && kinds.has(did) && kinds.get(did) !== kind)) break
    const isSuspect = commit !== undefined && suspects.get(commit.did) === true
    if (isSuspect && count > 0) break
    for (const [kind, did] of parts) if (did) kinds.set(did, kind)
    count++
    if (isSuspect) break
  }
  return queue.splice(0, Math.max(count, 1))
}

function memoryOf(commit: RepoCommit | undefined): number {
  let bytes = 0
  for (const op of commit?.ops ?? []) if (op.action === 'put') bytes += op.memoryBytes ?? 0
  return bytes
}

function holdsData({ commits, accounts, repoStates }: Batch): boolean {
  return [commits, accounts, repoStates].some((some) => some !== undefined && some.length > 0)
}
