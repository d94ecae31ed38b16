/**
 * Runs PGlite in a thread of its own. In the main thread every statement would block the event loop, and a transaction
 * would do so for all its statements together, so that not even `/health` could be answered.
 */
import { readFile } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { siblingModule } from '@holdfast/runtime/sibling-module'
import { createFairQueue } from '../runtime/fair-queue.ts'
import { inTime, whoAsks } from './patience.ts'
import type { FromThread, PgliteJob, PgliteResult, StoreErrorParts } from './pglite-jobs.ts'

interface QueryOptions {
  readonly rowMode?: 'array' | 'object'
  /** Drizzle sets these for dates and intervals, each to keep the text as it is. */
  readonly parsers?: Readonly<Record<number, unknown>>
}

/** The part of PGlite's interface that Drizzle uses. */
export interface PgliteClient {
  query(text: string, parameters?: readonly unknown[], options?: QueryOptions): Promise<PgliteResult>
}

export interface ThreadedPglite extends PgliteClient, AsyncDisposable {
  /** Resolves when the store fails without having been closed; from then on every statement fails. */
  readonly lost: Promise<PgliteError>
  /** Runs `work` in a transaction, with no other statements in between; rolls back when it rejects. */
  transaction<T>(work: (transaction: PgliteClient & { rollback(): Promise<void> }) => Promise<T>): Promise<T>
  /** Calls back on each NOTIFY of the channel. Resolves, once listening, with a function that stops it. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => void>
}

/** The embedded store failed, or its thread did. `code` is its SQLSTATE. */
export class PgliteError extends Error {
  override readonly name = 'PgliteError'
  readonly code: string | undefined
  readonly detail: string | undefined
  readonly constraint: string | undefined
  constructor({ message, code, detail, constraint }: Omit<StoreErrorParts, 'name'>, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.detail = detail
    this.constraint = constraint
  }
}

/** SQLSTATE system_error: the same may succeed once the program has been started again. */
const stopped = '58000'

const jsonTypes = [114, 3802]

interface Waiting {
  readonly resolve: (result: PgliteResult | undefined) => void
  readonly reject: (error: unknown) => void
}

/** Node has it, but its types do not. */
const { compile } = (
  globalThis as unknown as { WebAssembly: { compile(bytes: Uint8Array): Promise<WebAssembly.Module> } }
).WebAssembly
let compiling: Promise<WebAssembly.Module> | undefined

/** PGlite's code, compiled once in a process: a store that is opened after another takes half the time. */
function compiledPglite(): Promise<WebAssembly.Module> {
  compiling ??= readFile(new URL('pglite.wasm', import.meta.resolve('@electric-sql/pglite'))).then((bytes) =>
    compile(bytes),
  )
  return compiling
}

/**
 * Opens the store in `dataDir`, or in memory. It keeps the process alive only while somebody waits for an answer.
 *
 * @throws PgliteError when the directory cannot be read
 */
export async function openThreadedPglite(dataDir: string | undefined): Promise<ThreadedPglite> {
  const thread = new Worker(siblingModule('./pglite-thread', import.meta.url), { execArgv: [] })
  const waiting = new Map<number, Waiting>()
  const listeners = new Map<string, Set<(payload: string) => void>>()
  const unexpected = Promise.withResolvers<PgliteError>()
  let lost: PgliteError | undefined
  let isClosing = false
  let lastId = 0

  const ask = (job: PgliteJob): Promise<PgliteResult | undefined> => {
    if (lost) return Promise.reject(lost)
    const id = ++lastId
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      thread.ref()
      thread.postMessage({ id, ...job })
    })
  }
  const lose = (reason: string, cause?: unknown) => {
    lost ??= isClosing
      ? new PgliteError({ message: 'the embedded store was closed', code: '57P01' })
      : new PgliteError({ message: `the embedded store stopped: ${reason}`, code: stopped }, { cause })
    if (!isClosing) unexpected.resolve(lost)
    for (const { reject } of waiting.values()) reject(lost)
    waiting.clear()
  }
  thread.unref()
  thread.on('message', (word: FromThread) => {
    if ('broken' in word) return lose(word.broken)
    if ('channel' in word) {
      for (const onNotify of listeners.get(word.channel) ?? []) onNotify(word.payload)
      return
    }
    const asked = waiting.get(word.id)
    waiting.delete(word.id)
    if (waiting.size === 0) thread.unref()
    if ('error' in word) asked?.reject(new PgliteError(word.error))
    else asked?.resolve(word.result)
  })
  thread.on('error', (cause) => lose(`its thread failed: ${cause}`, cause))
  thread.on('exit', (code) => lose(`its thread ended with ${code}`))

  const query = async (text: string, parameters: readonly unknown[] = [], options: QueryOptions = {}) => {
    const asArrays = options.rowMode === 'array'
    const asText = [...Object.keys(options.parsers ?? {}).map(Number), ...jsonTypes]
    const job: PgliteJob = { kind: 'query', text, parameters: parameters.map(ownBytes), asArrays, asText }
    return parseJson((await ask(job))!, asArrays)
  }
  const exec = async (text: string) => void (await ask({ kind: 'exec', text }))
  const alone = createTurn()
  const store: ThreadedPglite = {
    lost: unexpected.promise,
    query: (...asked) => alone(() => query(...asked)),
    transaction: (work) =>
      alone(async () => {
        let isOver = false
        const end = async (how: 'COMMIT' | 'ROLLBACK') => {
          isOver = true
          await exec(how)
        }
        const within: PgliteClient['query'] = (...asked) => {
          if (isOver) throw new PgliteError({ message: 'the transaction is over', code: '25P01' })
          return query(...asked)
        }
        await exec('BEGIN')
        try {
          const result = await work({ query: within, rollback: () => end('ROLLBACK') })
          if (!isOver) await end('COMMIT')
          return result
        } catch (error) {
          if (!isOver) await end('ROLLBACK').catch(() => {})
          throw error
        }
      }),
    async listen(channel, onNotify) {
      const known = listeners.get(channel)
      const all = known ?? new Set()
      listeners.set(channel, all.add(onNotify))
      if (!known) await alone(() => ask({ kind: 'listen', channel }))
      return () => void all.delete(onNotify)
    },
    async [Symbol.asyncDispose]() {
      isClosing = true
      if (!lost) await alone(() => ask({ kind: 'close' })).catch(() => {})
      await thread.terminate()
    },
  }
  try {
    await ask({ kind: 'open', dataDir, code: await compiledPglite() })
  } catch (error) {
    isClosing = true
    await thread.terminate()
    throw error
  }
  return store
}

/** A part of a buffer would be passed on with the whole buffer. */
function ownBytes(parameter: unknown): unknown {
  return parameter instanceof Uint8Array ? new Uint8Array(parameter) : parameter
}

/** Parses JSON here, because the thread passes it on as text. */
function parseJson(result: PgliteResult, asArrays: boolean): PgliteResult {
  for (const [at, { name, dataTypeID }] of result.fields.entries()) {
    if (!jsonTypes.includes(dataTypeID)) continue
    const key = asArrays ? at : name
    for (const row of result.rows) if (typeof row[key] === 'string') row[key] = JSON.parse(row[key])
  }
  return result
}

/** Runs one task after the other, in the order of `fair-queue.ts`. */
function createTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting = createFairQueue<() => void>()
  let isTaken = false
  const take = async () => {
    if (!isTaken) {
      isTaken = true
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const visitor = whoAsks()
    waiting.push(resolve, visitor)
    await inTime(promise, 'The database did not answer in time.', () => waiting.remove(resolve, visitor))
  }
  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else isTaken = false
  }
  return async (work) => {
    await take()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
