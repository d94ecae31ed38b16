import { LatestMap } from '@holdfast/runtime/latest-map'

/** Amounts by measure, such as `{ records: 3 }`. */
export type Usage<Measure extends string> = Readonly<Record<Measure, number>>

/** An owner and its limits. */
export interface Allowance<Measure extends string> {
  readonly owner: string
  readonly limit: Usage<Measure>
}

/**
 * Tracks how much of its limits each owner uses. An owner's usage is counted in the store when it is first needed, and added
 * to from then on. Deletions are noticed only by counting again, which is done at times when an owner seems to be at a limit.
 */
export interface UsageCache<Measure extends string> {
  /**
   * Adds amounts to all these owners, one after the other, for as long as none of them exceeds a limit. If not all amounts
   * fit, `refused` says whose limit, and which, was reached.
   */
  admit<Of extends Allowance<Measure>>(
    allowances: readonly Of[],
    amounts: Usage<Measure> | readonly Usage<Measure>[],
  ): Promise<{ admitted: number; refused?: { allowance: Of; measure: Measure } }>
  /** Sets an owner's usage, which was counted elsewhere. */
  set(owner: string, usage: Usage<Measure>): void
}

export interface UsageCacheOptions<Measure extends string> {
  /** Counts an owner's usage exactly. Called once for several callers that wait. */
  read: (owner: string) => Promise<Usage<Measure>>
  /** Resolves when the store contains what was admitted so far; awaited before an owner is counted again. */
  settled?: () => Promise<void>
  /** Count again once this share of a limit has been added since the last count, however recent that was. */
  recountShare?: number
  capacity?: number
  now?: () => number
}

const recountAfterMs = 60_000

export function createUsageCache<Measure extends string>(
  options: UsageCacheOptions<Measure>,
): UsageCache<Measure> {
  const { read, settled, recountShare = Number.POSITIVE_INFINITY } = options
  const { capacity = 100_000, now = Date.now } = options
  const entries = new LatestMap<string, Entry<Measure>>(capacity)

  function entryOf(owner: string): Entry<Measure> {
    const entry = entries.get(owner) ?? { added: {}, readAtMs: 0 }
    entries.set(owner, entry)
    return entry
  }

  const count = async (owner: string, { counted }: Entry<Measure>) => {
    if (counted) await settled?.()
    return read(owner)
  }

  /** Counts owners again that seem to be at a limit, if much may have changed since the last count. */
  async function countWhereNeeded(
    entry: Entry<Measure>,
    { owner, limit }: Allowance<Measure>,
    wanted: Usage<Measure>,
  ): Promise<void> {
    const over = excess(entry, limit, wanted)
    if (entry.counted && over === undefined) return
    const isOld = now() - entry.readAtMs >= recountAfterMs
    const hasGrown = over !== undefined && (entry.added[over] ?? 0) >= limit[over] * recountShare
    if (!entry.counted || isOld || hasGrown) entry.reading ??= recount(entry, count(owner, entry), now)
    await entry.reading
  }

  return {
    async admit(allowances, given) {
      const amounts = isList(given) ? given : [given]
      const owners = allowances.map((allowance) => ({ allowance, entry: entryOf(allowance.owner) }))
      const wanted = sum(amounts)
      await Promise.all(owners.map(({ allowance, entry }) => countWhereNeeded(entry, allowance, wanted)))
      for (const [admitted, amount] of amounts.entries()) {
        for (const { allowance, entry } of owners) {
          const measure = excess(entry, allowance.limit, amount)
          if (measure !== undefined) return { admitted, refused: { allowance, measure } }
        }
        for (const { entry } of owners) add(entry, amount)
      }
      return { admitted: amounts.length }
    },
    set(owner, usage) {
      // A count that is still running is older than this one.
      Object.assign(entryOf(owner), { counted: usage, added: {}, readAtMs: now(), reading: undefined })
    },
  }
}

interface Entry<Measure extends string> {
  counted?: Usage<Measure>
  readAtMs: number
  /** What was added since that count was started. Some of it may have replaced counted records or been deleted again. */
  added: Partial<Record<Measure, number>>
  reading?: Promise<void> | undefined
}

/** Counts again, and keeps what is added meanwhile, since the count may not include it. */
function recount<Measure extends string>(
  entry: Entry<Measure>,
  counting: Promise<Usage<Measure>>,
  now: () => number,
): Promise<void> {
  const before = { ...entry.added }
  const reading = counting
    .then((counted) => {
      if (entry.reading !== reading) return
      Object.assign(entry, { counted, readAtMs: now() })
      for (const measure of measuresOf(before)) entry.added[measure]! -= before[measure]!
    })
    .finally(() => {
      if (entry.reading === reading) entry.reading = undefined
    })
  return reading
}

function add<Measure extends string>({ added }: Entry<Measure>, amount: Usage<Measure>): void {
  for (const measure of measuresOf(amount)) added[measure] = (added[measure] ?? 0) + amount[measure]
}

function isList<T extends object>(given: T | readonly T[]): given is readonly T[] {
  return Array.isArray(given)
}

function sum<Measure extends string>(amounts: readonly Usage<Measure>[]): Usage<Measure> {
  const total: Partial<Record<Measure, number>> = {}
  for (const amount of amounts)
    for (const measure of measuresOf(amount)) total[measure] = (total[measure] ?? 0) + amount[measure]
  return total as Usage<Measure>
}

/** The first measure in which an amount would exceed its limit. */
function excess<Measure extends string>(
  { counted, added }: Entry<Measure>,
  limit: Usage<Measure>,
  amount: Usage<Measure>,
): Measure | undefined {
  return measuresOf(amount).find(
    (measure) => (counted?.[measure] ?? 0) + (added[measure] ?? 0) + amount[measure] > limit[measure],
  )
}

function measuresOf<Measure extends string>(usage: Partial<Usage<Measure>>): Measure[] {
  return Object.keys(usage) as Measure[]
}
