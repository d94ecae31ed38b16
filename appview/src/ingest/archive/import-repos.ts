import type { Logger } from 'pino'
import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import { createLimiter } from '../../runtime/limiter.ts'
import { createSemaphore } from '../../runtime/semaphore.ts'
import type { Db } from '../../store/sql.ts'
import { createDecoder, maxDecodedBytes } from '../decoding.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import { createHandleCheck } from '../identity/handles.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import type { IngestConfig } from '../ingest-config.ts'
import { type RepoSnapshot, readRepo } from '../resync/read-repo.ts'
import { defaultResyncLimits } from '../resync/resync-limits.ts'
import { writeSnapshot } from '../resync/snapshot-commits.ts'
import { createCommitter } from '../state/committer.ts'
import { createWanted } from '../wanted.ts'

/** One whole repository to import, from a file or a PDS. */
export interface RepoCar {
  readonly did: string
  open(): Promise<AsyncDisposable & { readonly body: AsyncIterable<Uint8Array> }>
}

export interface ImportParts {
  readonly db: Db
  readonly config: Pick<IngestConfig, 'authorities' | 'recordsPerAccount' | 'allowPrivateHosts'>
  readonly resolver: DidResolver
  readonly guardedFetch: GuardedFetch
  readonly log: Logger
  readonly signal: AbortSignal
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
}

export interface ImportProgress {
  repos: number
  failed: number
  records: number
  refused: number
}

const maxConcurrent = 4

/**
 * Imports whole repositories into the catalog, each verified like those from the network. One that cannot be read is counted
 * and skipped. Repositories of which the catalog has a newer revision are not changed.
 */
export async function importRepos(
  repos: AsyncIterable<RepoCar>,
  parts: ImportParts,
): Promise<ImportProgress> {
  const progress: ImportProgress = { repos: 0, failed: 0, records: 0, refused: 0 }
  await using committer = createCommitter({
    db: parts.db,
    cursors: () => [],
    onFault: (error, what) =>
      parts.log.warn({ err: error, what }, 'a batch could not be written to the store'),
  })
  const checkHandle = createHandleCheck({ ...parts.config, guardedFetch: parts.guardedFetch })
  const memory = createSemaphore({
    ...{ maxCount: Number.POSITIVE_INFINITY, maxBytes: maxDecodedBytes },
    signal: parts.signal,
  })
  const wanted = createWanted(parts.config.authorities)
  const decode = createDecoder({ wanted, memory, onReject: () => {} })
  const limit = createLimiter(maxConcurrent)
  const under = new Set<Promise<void>>()
  for await (const repo of repos) {
    parts.signal.throwIfAborted()
    const job = limit(async () => {
      try {
        const askedAtMs = Date.now()
        const { identity, snapshot } = await readOne(repo, parts)
        const { did, pdsHost } = identity
        await committer.write({ account: { did, pdsHost, active: true, status: null, askedAtMs } })
        const { written, refused } = await writeSnapshot(snapshot, {
          ...{ did, host: pdsHost, decode },
          known: new Map(),
          admit: async (ops) => ops,
          write: (commit) => committer.write({ commit: { ...commit, askedAtMs } }),
        })
        void checkHandle(identity)
          .then((handle) => committer.write({ account: { did, handle } }))
          .catch(() => {})
        progress.repos++
        progress.records += written
        progress.refused += refused
      } catch (error) {
        progress.failed++
        parts.log.warn({ did: repo.did, err: error }, 'a repository could not be imported')
      }
      parts.onProgress?.(progress)
    })
    under.add(job)
    void job.finally(() => under.delete(job))
    if (under.size >= maxConcurrent * 2) await Promise.race(under)
  }
  await Promise.all(under)
  return progress
}

async function readOne(
  repo: RepoCar,
  parts: ImportParts,
): Promise<{ identity: RepoIdentity; snapshot: RepoSnapshot }> {
  const wanted = createWanted(parts.config.authorities)
  const resolution = await parts.resolver.resolve(repo.did)
  if (resolution.status !== 'found') {
    throw new Error(resolution.status === 'tombstoned' ? 'its identity was tombstoned' : resolution.reason)
  }
  const { identity } = resolution
  await using car = await repo.open()
  const snapshot = await readRepo(car.body, {
    did: repo.did,
    key: identity.signingKey,
    nowMs: Date.now(),
    prefixes: wanted.pathPrefixes,
    maxRecords: parts.config.recordsPerAccount ?? defaultResyncLimits.recordsPerAccount,
    maxKeptBytes: defaultResyncLimits.maxKeptBytes,
  })
  return { identity, snapshot }
}
