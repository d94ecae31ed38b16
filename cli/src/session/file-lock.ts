import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import lockfile from 'proper-lockfile'
import { CommandError } from '../command-error.ts'

/** Runs `work` while no other process (or call) has the lock at `path`; waits up to half a minute for it. */
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
    throw new CommandError(
      'failure',
      `Another process has the lock ${path}.lock; if no other holdfast is running, remove that directory.`,
      { cause },
    )
  }
  try {
    return await work()
  } finally {
    await release()
  }
}
