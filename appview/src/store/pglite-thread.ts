import { parentPort } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { unaccent } from '@electric-sql/pglite/contrib/unaccent'
import type { FromThread, PgliteJob, PgliteResult, StoreErrorParts, ToThread } from './pglite-jobs.ts'

let pglite: PGlite
// Jobs are answered in order: PGlite has one session, and a transaction is everything between BEGIN and COMMIT.
let before: Promise<unknown> = Promise.resolve()

parentPort!.on('message', ({ id, ...job }: ToThread) => {
  before = before.then(async () => {
    try {
      say({ id, result: await answer(job as PgliteJob) })
    } catch (error) {
      say({ id, error: partsOf(error) })
    }
  })
})

async function answer(job: PgliteJob): Promise<PgliteResult | undefined> {
  switch (job.kind) {
    case 'open': {
      const { dataDir, code } = job
      pglite = new PGlite({
        ...(dataDir === undefined ? {} : { dataDir }),
        extensions: { pg_trgm, unaccent },
        pgliteWasmModule: code,
      })
      await pglite.waitReady
      endWhenBroken(pglite.Module)
      return undefined
    }
    case 'query': {
      const parsers = {
        ...Object.fromEntries(job.asText.map((oid) => [oid, (text: string) => text])),
        [bytesType]: bytesOf,
      }
      const { rows, fields, affectedRows } = await pglite.query<Record<string, unknown>>(
        job.text,
        [...job.parameters],
        { rowMode: job.asArrays ? 'array' : 'object', parsers, serializers: { [bytesType]: asTheyAre } },
      )
      return { rows, fields, ...(affectedRows === undefined ? {} : { affectedRows }) }
    }
    case 'exec': {
      const [done] = (await pglite.exec(job.text)) as { command?: string }[]
      if (job.text === 'COMMIT' && done?.command === 'ROLLBACK')
        throw Object.assign(new Error('the transaction was taken back: a statement in it failed'), {
          code: '25P02',
        })
      return undefined
    }
    case 'listen': {
      const { channel } = job
      await pglite.listen(channel, (payload) => say({ channel, payload }))
      return undefined
    }
    case 'close':
      if (!pglite.closed) await pglite.close()
      return undefined
  }
}

/** The status with which PGlite's module exits when a statement failed but the next may run (PostgreSQL's longjmp out of an error). */
const failedStatement = 100

/**
 * PGlite carries on after anything that its module throws, even an abort (a PANIC), a trap or an exit. After those, every
 * statement fails, returns nothing or never returns, so the thread ends instead.
 */
function endWhenBroken(backend: Backend): void {
  const turn = backend._PostgresMainLoopOnce
  backend._PostgresMainLoopOnce = () => {
    try {
      turn()
    } catch (error) {
      if ((error as { status?: unknown }).status !== failedStatement) {
        say({ broken: String(error) })
        process.exit(1)
      }
      throw error
    }
  }
}

interface Backend {
  _PostgresMainLoopOnce: () => void
}

/** The OID of `bytea`. */
const bytesType = 17

/** PGlite sends bytes in PostgreSQL's binary format, which takes no memory for text. */
const asTheyAre = (value: string) => value

/** Reads PostgreSQL's text of bytes, `\\x` and hexadecimal digits; PGlite's own way takes ten times as long. */
function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length - 2) / 2)
  Buffer.from(bytes.buffer).write(text.slice(2), 'hex')
  return bytes
}

/** Bytes are moved to the main thread instead of copied. */
function say(word: FromThread): void {
  const fields = ('result' in word && word.result?.fields) || []
  const holders = fields.flatMap(({ name, dataTypeID }, at) =>
    dataTypeID === bytesType ? [{ name, at }] : [],
  )
  const values = holders.flatMap(({ name, at }) =>
    (word as { result: PgliteResult }).result.rows.map((row) => row[name] ?? row[at]),
  )
  const moved = values.filter((value) => value instanceof Uint8Array)
  parentPort!.postMessage(
    word,
    moved.map(({ buffer }) => buffer as ArrayBuffer),
  )
}

function partsOf(error: unknown): StoreErrorParts {
  const { name, message, code, detail, constraint } = error as Error & Partial<StoreErrorParts>
  return {
    name: name ?? 'Error',
    message: message ?? String(error),
    ...(code === undefined ? {} : { code }),
    ...(detail === undefined ? {} : { detail }),
    ...(constraint === undefined ? {} : { constraint }),
  }
}
