import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { nameFile, openNewFile } from '@holdfast/runtime/new-file'
import { type RowCounts, readBackup, readLines } from '../store/backup.ts'
import { openBackupFile, writeBackupFile } from '../store/backup-file.ts'
import { type OpenOptions, openCatalog } from '../store/open.ts'
import type { OperatorClient } from './operator-client.ts'

export interface BackupParts {
  readonly config: OpenOptions
  /** How to reach the AppView that runs; asked only where the store has room for one process. */
  readonly client: () => OperatorClient
  readonly version: string
  /** What is in force, without secrets. */
  readonly settings: string
}

/**
 * Writes a backup into a new file while the server runs: from PostgreSQL directly, from the embedded database through the
 * server that holds it, or directly if none runs. The file has its name only once it is whole.
 *
 * @throws OperatorError
 */
export async function backUp(path: string, parts: BackupParts): Promise<RowCounts> {
  const part = `${path}.part-${randomUUID()}`
  try {
    if (parts.config.databaseUrl === undefined && (await isServed(parts))) await download(part, parts)
    else {
      await using catalog = await openCatalog(parts.config)
      await writeBackupFile(catalog.db, part, parts)
    }
    const counts = await readLines(openBackupFile(part), async () => {})
    await nameFile(part, path)
    return counts
  } finally {
    await rm(part, { force: true })
  }
}

async function isServed({ client }: BackupParts): Promise<boolean> {
  return client()
    .query('describeServer')
    .then(
      () => true,
      () => false,
    )
}

async function download(path: string, { client, settings }: BackupParts): Promise<void> {
  const body = await client().download('getBackup')
  const file = await openNewFile(path)
  const gzip = createGzip()
  gzip.end(`${JSON.stringify({ settings })}\n`)
  // Files of gzip that follow each other are one file of gzip.
  const all = Readable.from(
    (async function* () {
      yield* gzip
      yield* body
    })(),
  )
  await pipeline(all, file.createWriteStream({ flush: true }))
}

/** Restores a backup into the store, which no server may use meanwhile. @throws OperatorError */
export async function restore(
  path: string,
  config: OpenOptions,
  options: { replaces: boolean },
): Promise<RowCounts> {
  await using catalog = await openCatalog(config)
  return readBackup(catalog.db, openBackupFile(path), options)
}
