import type { AllowListEntry } from './entries.ts'

/** Where the allow-list is written to; changes are in effect when the call returns. */
export type AllowListTarget = {
  /** Lets entries in on the word of `source`, a small number. */
  add(source: number, entries: Iterable<AllowListEntry>): void
  remove(source: number, entries: Iterable<AllowListEntry>): void
  /** Makes `entries` all that `source` vouches for. Nothing that stays is ever out meanwhile. */
  replace(source: number, entries: readonly AllowListEntry[]): Promise<void>
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
    target.add(0, entries)
    return { ready: () => true, ageSeconds: () => 0, async [Symbol.asyncDispose]() {} }
  }
}
