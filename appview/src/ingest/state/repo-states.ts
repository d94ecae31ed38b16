import { LatestMap } from '@holdfast/runtime/latest-map'
import { readRepos, readTrackedDids } from '../../catalog/read/repo.ts'
import type { Db } from '../../store/sql.ts'
import { type CidKey, cidKeyFromString } from '../cid-key.ts'
import { createDidPrefixFilter, type DidPrefixFilter } from '../frame/did-prefix-filter.ts'

/** The state of a repository once everything that was passed to the committer is durable. */
export interface RepoState {
  readonly state: 'desynchronized' | 'in-progress' | 'synchronized'
  readonly rev: string | null
  readonly data: CidKey | null
  readonly tries: number
  /**
   * The whole repository is larger than this server reads. It is read again when it or the limits change: it waits for that,
   * or it changed and waits for the end of a day.
   */
  readonly tooLarge?: 'until-changed' | 'waits-a-day'
}

/**
 * The states of the followed repositories. All DIDs are in memory; the states are read as needed.
 *
 * A state is set when a commit is passed to the committer, before it is durable, so that the repository's next commit can be
 * verified while this one is being written. That is safe because the committer writes in order and retries without end, and a
 * process that ends starts again from what is durable. A commit whose records the store refuses still advances the
 * repository. The state `in-progress`, which only says what this process is doing, is never written.
 */
export interface RepoStates {
  /** Whether events of this repository concern us: it is followed, or one of its events is about to make it so. */
  tracks(did: string): boolean
  /** Contains every repository for which {@link tracks} may ever have returned true. */
  readonly prefixes: DidPrefixFilter
  /** Says that an event of this repository was read but not yet decided. Call the result when it is. */
  expect(did: string): () => void
  /** Whether this repository is followed. */
  follows(did: string): boolean
  get(did: string): Promise<RepoState | undefined>
  set(did: string, state: RepoState): void
  /** Stops following the repository, because its account was deleted. */
  drop(did: string): void
  readonly count: number
}

/** Loads the DIDs of the followed repositories; `capacity` states are kept in memory. */
export async function loadRepoStates(db: Db, capacity = 200_000): Promise<RepoStates> {
  const tracked = new Set(await readTrackedDids(db))
  const prefixes = createDidPrefixFilter()
  for (const did of tracked) prefixes.add(did)
  const states = new LatestMap<string, RepoState>(capacity)
  const expected = new Map<string, number>()
  return {
    tracks: (did) => tracked.has(did) || expected.has(did),
    prefixes,
    expect(did) {
      if (tracked.has(did)) return () => {}
      prefixes.add(did)
      expected.set(did, (expected.get(did) ?? 0) + 1)
      return () => {
        const left = (expected.get(did) ?? 1) - 1
        if (left > 0) expected.set(did, left)
        else expected.delete(did)
      }
    },
    follows: (did) => tracked.has(did),
    async get(did) {
      const cached = states.get(did)
      if (cached || !tracked.has(did)) return cached
      const row = (await readRepos(db, [did])).get(did)
      // The state may have changed while it was read from the store.
      if (!row || states.has(did)) return states.get(did)
      const data = row.dataCid ? (cidKeyFromString(row.dataCid) ?? null) : null
      const { state: name, rev, tries } = row
      const tooLarge = row.isTooLarge ? ({ tooLarge: 'until-changed' } as const) : {}
      const state: RepoState = { state: name, rev, data, tries, ...tooLarge }
      states.set(did, state)
      return state
    },
    set(did, state) {
      if (!tracked.has(did)) prefixes.add(did)
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
