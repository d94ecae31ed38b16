import type { Logger } from 'pino'
import type { RecordOp } from '../../catalog/ingest-writes.ts'
import type { Db } from '../../catalog/sql.ts'
import type { GuardedFetch } from '../../guarded-fetch.ts'
import { cidKeyToString } from '../cid-key.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import { createHandleCheck } from '../identity/handles.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import type { IngestConfig } from '../ingest-config.ts'
import { createLimiter } from '../limiter.ts'
import { createCommitter } from '../pipeline/committer.ts'
import { toRecordOp } from '../record-op.ts'
import { readRepo } from '../repo/read-repo.ts'
import { defaultResyncLimits } from '../repo/resync-limits.ts'
import { createWanted } from '../wanted.ts'

/** One repository to be read whole, from wherever it is kept. */
export type RepoCar = {
  readonly did: string
  open(): Promise<AsyncDisposable & { readonly body: AsyncIterable<Uint8Array> }>
}

export type ImportParts = {
  readonly db: Db
  readonly config: Pick<IngestConfig, 'authorities' | 'recordsPerAccount' | 'allowPrivateHosts'>
  readonly resolver: DidResolver
  readonly guardedFetch: GuardedFetch
  readonly log: Logger
  readonly signal: AbortSignal
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
}

export type ImportProgress = { repos: number; failed: number; records: number; refused: number }

const MAX_CONCURRENT = 4

/**
 * Takes whole repositories into the catalogue, each verified like any other and written in one transaction; one that
 * cannot be read is counted and passed over. Repositories the catalogue holds in a newer revision stay as they are.
 */
export async function importRepos(
  repos: AsyncIterable<RepoCar>,
  parts: ImportParts,
): Promise<ImportProgress> {
  const progress: ImportProgress = { repos: 0, failed: 0, records: 0, refused: 0 }
  await using committer = createCommitter({
    db: parts.db,
    cursors: () => [],
    onFault: (error, what) => parts.log.warn({ err: error, what }, 'the store did not take a batch'),
  })
  const checkHandle = createHandleCheck({ ...parts.config, guardedFetch: parts.guardedFetch })
  const limit = createLimiter(MAX_CONCURRENT)
  const under = new Set<Promise<void>>()
  for await (const repo of repos) {
    parts.signal.throwIfAborted()
    const job = limit(async () => {
      try {
        const { identity, ops, ...commit } = await readOne(repo, parts)
        const { did, pdsHost } = identity
        await committer.write({
          account: { did, pdsHost, active: true, status: null },
          commit: { did, host: pdsHost, ops, complete: true, ...commit },
        })
        void checkHandle(identity)
          .then((handle) => committer.write({ account: { did, handle } }))
          .catch(() => {})
        progress.repos++
        progress.records += ops.length
        progress.refused += ops.filter(({ action }) => action === 'reject').length
      } catch (error) {
        progress.failed++
        parts.log.warn({ did: repo.did, err: error }, 'a repository could not be taken in')
      }
      parts.onProgress?.(progress)
    })
    under.add(job)
    void job.finally(() => under.delete(job))
    if (under.size >= MAX_CONCURRENT * 2) await Promise.race(under)
  }
  await Promise.all(under)
  return progress
}

async function readOne(
  repo: RepoCar,
  parts: ImportParts,
): Promise<{ identity: RepoIdentity; rev: string; dataCid: string; ops: RecordOp[] }> {
  const wanted = createWanted(parts.config.authorities)
  const resolution = await parts.resolver.resolve(repo.did)
  if (resolution.status !== 'found') {
    throw new Error(resolution.status === 'tombstoned' ? 'its identity was given up' : resolution.reason)
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
  const ops = snapshot.records.flatMap((record) => toRecordOp(repo.did, record, wanted) ?? [])
  return { identity, rev: snapshot.rev, dataCid: cidKeyToString(snapshot.data), ops }
}
