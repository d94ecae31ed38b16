import { LatestMap } from '../../catalog/latest-map.ts'
import { readRepos, readTrackedDids } from '../../catalog/reads/repo-reads.ts'
import type { Db } from '../../catalog/sql.ts'
import { type CidKey, cidKeyFromString } from '../cid-key.ts'
import { createDidSieve, type DidSieve } from '../frame/did-sieve.ts'

/** Where a repository stands once everything handed to the committer is durable. */
export type RepoState = {
  readonly state: 'desynchronized' | 'in-progress' | 'synchronized'
  readonly rev: string | null
  readonly data: CidKey | null
  readonly tries: number
}

/** The states of the repositories we follow: all their names in memory, the rest as it is needed. */
export type RepoStates = {
  /** Whether events of this repository matter: it is followed, or one of its events is about to make it so. */
  tracks(did: string): boolean
  /** Holds every repository that {@link tracks} may ever have said yes to. */
  readonly sieve: DidSieve
  /** An event of this repository was read and is not yet decided upon; call the result when it is. */
  expect(did: string): () => void
  /** Whether this repository is followed. */
  follows(did: string): boolean
  get(did: string): Promise<RepoState | undefined>
  set(did: string, state: RepoState): void
  /** The repository is no longer followed: its account was deleted. */
  drop(did: string): void
  readonly count: number
}

/** Loads the names of the repositories followed; `capacity` states are kept in memory. */
export async function loadRepoStates(db: Db, capacity = 200_000): Promise<RepoStates> {
  const tracked = new Set(await readTrackedDids(db))
  const sieve = createDidSieve()
  for (const did of tracked) sieve.add(did)
  const states = new LatestMap<string, RepoState>(capacity)
  const expected = new Map<string, number>()
  return {
    tracks: (did) => tracked.has(did) || expected.has(did),
    sieve,
    expect(did) {
      if (tracked.has(did)) return () => {}
      sieve.add(did)
      expected.set(did, (expected.get(did) ?? 0) + 1)
      return () => {
        const left = (expected.get(did) ?? 1) - 1
        if (left > 0) expected.set(did, left)
        else expected.delete(did)
      }
    },
    follows: (did) => tracked.has(did),
    async get(did) {
      const held = states.get(did)
      if (held || !tracked.has(did)) return held
      const row = (await readRepos(db, [did])).get(did)
      // While the store was asked, the repository may have moved on.
      if (!row || states.has(did)) return states.get(did)
      const data = row.dataCid ? (cidKeyFromString(row.dataCid) ?? null) : null
      const state = { state: row.state, rev: row.rev, data, tries: row.tries }
      states.set(did, state)
      return state
    },
    set(did, state) {
      if (!tracked.has(did)) sieve.add(did)
      tracked.add(did)
      states.set(did, state)
    },
    drop(did) {
      tracked.delete(did)
      states.delete(did)
    },
    get count() {
      return tracked.size
    },
  }
}
