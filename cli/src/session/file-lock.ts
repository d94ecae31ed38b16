import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import lockfile from 'proper-lockfile'
import { Failure } from '../failure.ts'

/** Runs `work` while no other process (or call) holds `path`; waits up to half a minute for its turn. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  let release: () => Promise<void>
  try {
    release = await lockfile.lock(path, {
      realpath: false,
      stale: 30_000,
      retries: { retries: 300, factor: 1, minTimeout: 50, maxTimeout: 150, randomize: true },
    })
  } catch (cause) {
    throw new Failure(
      'failure',
      `${path}.lock is held by another process; if none is running, remove that directory.`,
      { cause },
    )
  }
  try {
    return await work()
  } finally {
    await release()
  }
}
