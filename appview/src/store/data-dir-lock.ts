import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { OperatorError } from '@holdfast/runtime/operator-error'

export class DataDirInUseError extends OperatorError {
  override readonly name = 'DataDirInUseError'
  constructor(dataDir: string, options?: ErrorOptions) {
    super(
      `The data directory ${dataDir} is in use by another process. Stop that process, or give this one its own HOLDFAST_DATA_DIR.`,
      options,
    )
  }
}

/**
 * Takes the exclusive lock of a data directory, because two PGlite processes in one directory destroy it.
 * SQLite's file lock is the operating system's own: a killed process leaves nothing stale behind.
 *
 * @throws DataDirInUseError when another process, or another part of this one, holds it.
 */
export function lockDataDir(dataDir: string): Disposable {
  mkdirSync(dataDir, { recursive: true })
  const lock = new DatabaseSync(join(dataDir, 'lock'), { timeout: 0 })
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    throw new DataDirInUseError(dataDir, { cause })
  }
  return { [Symbol.dispose]: () => lock.close() }
}
