import { setTimeout as wait } from 'node:timers/promises'
import { readRepoRecords } from '../../catalog/read/repo.ts'
import type { Db } from '../../store/sql.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import type { PdsClient } from '../state/pds-client.ts'
import type { RepoState, RepoStates } from '../state/repo-states.ts'
import type { Wanted } from '../wanted.ts'

export interface BehindParts {
  readonly db: Db
  readonly states: RepoStates
  readonly pds: PdsClient
  readonly wanted: Wanted
  readonly signal: AbortSignal
}

/** How long to wait for an event that may still come by the stream, before a repository counts as behind. */
const graceMs = 2_000

/**
 * Finds out whether a repository has to be read whole, because its host has a newer revision. Of an account that only hints
 * tell about, the revision is always older than the host's, since hints are only about records of ours. The host is
 * therefore asked first for the keys and CIDs of those records, which takes a few kilobytes. Resolves with the stored state of
 * a repository that is behind. `inTurn` runs requests in the host's turn.
 */
export async function stateIfBehind(
  identity: RepoIdentity,
  rev: string,
  inTurn: <T>(task: () => Promise<T>) => Promise<T>,
  parts: BehindParts,
): Promise<RepoState | undefined> {
  const { signal, states } = parts
  if (!isOlder(await states.get(identity.did), rev)) return undefined
  await wait(graceMs, undefined, { signal }).catch(() => {})
  const stored = await states.get(identity.did)
  if (signal.aborted || !isOlder(stored, rev)) return undefined
  // A host that cannot be asked this way may still serve the whole repository.
  const isBehind = await inTurn(() => recordsDiffer(identity, parts)).catch(() => true)
  return isBehind ? stored : undefined
}

export function isOlder(stored: RepoState | undefined, rev: string): boolean {
  return stored?.state === 'synchronized' && (stored.rev === null || stored.rev < rev)
}

/** How many pages of records are compared; a repository with more is read whole. */
const mostPages = 20

/** Whether a host lists other records of our collections than the index has. Nothing that it says is kept. */
async function recordsDiffer(
  { did, pdsUrl }: RepoIdentity,
  { db, pds, wanted }: BehindParts,
): Promise<boolean> {
  const missing = await readRepoRecords(db, did)
  let pages = 0
  for (const collection of await pds.collectionsOf(pdsUrl, did, wanted.nsids)) {
    for (let cursor: string | undefined, isLast = false; !isLast; ) {
      if (++pages > mostPages) return true
      const page = await pds.listRecords(pdsUrl, did, { collection, cursor })
      for (const { uri, cid } of page.records) {
        const path = uri.slice(`at://${did}/`.length)
        if (missing.get(path) !== cid) return true
        missing.delete(path)
      }
      isLast = page.cursor === undefined || page.records.length === 0
      cursor = page.cursor
    }
  }
  return missing.size > 0
}
