import { type AllowListEntry, announcedHashes } from './entries.ts'

/**
 * The allow-list, for writing. An entry consists of the infohashes of one torrent, 20 bytes each; a source is identified by a
 * small number. Changes are in effect when a call returns.
 */
export interface AllowListTarget {
  /** Returns false if there is no room. */
  add(source: number, hashes: Uint8Array): boolean
  remove(source: number, hashes: Uint8Array): void
  /** Begins to replace everything that `source` lists. Torrents that stay are allowed throughout. */
  begin(source: number): Promise<void>
  /** Allows a page of packed entries; returns for how many there was no room. */
  confirm(source: number, packed: Uint8Array): Promise<number>
  /** Removes the entries that were in no page. */
  finish(source: number): Promise<void>
}

/** Keeps the allow-list up to date. Announces are refused until it is ready. */
export type AllowListSource = AsyncDisposable & {
  ready(): boolean
  /** Seconds since the list was last known to be correct; 0 if it cannot become outdated. */
  ageSeconds(): number
  /** How many torrents are not served because the list is longer than the allow-list. */
  leftOut(): number
}

/** An allow-list that the calling program writes itself, for tests, benchmarks and trackers inside other programs. */
export function ownAllowList(
  entries: Iterable<AllowListEntry>,
): (target: AllowListTarget) => AllowListSource {
  return (target) => {
    let leftOut = 0
    for (const entry of entries) if (!target.add(0, announcedHashes(entry))) leftOut++
    return {
      ready: () => true,
      ageSeconds: () => 0,
      leftOut: () => leftOut,
      async [Symbol.asyncDispose]() {},
    }
  }
}
