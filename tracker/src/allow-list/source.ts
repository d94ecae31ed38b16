import { type AllowListEntry, announcedHashes } from './entries.ts'

/**
 * Where the allow-list is written to. An entry is the names of one torrent, 20 bytes each; a source is a small
 * number. Changes are in effect when a call returns.
 */
export type AllowListTarget = {
  /** @throws RangeError when there is no room */
  add(source: number, hashes: Uint8Array): void
  remove(source: number, hashes: Uint8Array): void
  /** Makes the packed entries all that `source` vouches for. Nothing that stays is ever out meanwhile. */
  replace(source: number, packed: readonly Uint8Array[]): Promise<void>
  /** Visits all that `source` vouches for. The bytes are only good during the call. */
  forEach(source: number, visit: (hashes: Uint8Array) => void): void
}

/** Something that keeps the allow-list. Announces are refused until it is ready. */
export type AllowListSource = AsyncDisposable & {
  ready(): boolean
  /** Seconds since the list was last known to be right; 0 when it cannot go stale. */
  ageSeconds(): number
}

/** An allow-list that its owner writes himself: for tests, benchmarks and trackers inside other programs. */
export function ownAllowList(
  entries: Iterable<AllowListEntry>,
): (target: AllowListTarget) => AllowListSource {
  return (target) => {
    for (const entry of entries) target.add(0, announcedHashes(entry))
    return { ready: () => true, ageSeconds: () => 0, async [Symbol.asyncDispose]() {} }
  }
}
