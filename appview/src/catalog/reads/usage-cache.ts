import { LatestMap } from '../latest-map.ts'

/** Amounts by what is measured, such as `{ records: 3 }`. */
export type Usage<Measure extends string> = Readonly<Record<Measure, number>>

/** An owner, and the most that it may take. */
export interface Allowance<Measure extends string> {
  readonly owner: string
  readonly limit: Usage<Measure>
}

/**
 * What owners take of what they may: counted in the store when an owner is met, and kept up from then on. What goes
 * again is only seen by counting anew, which is done now and then while an owner seems to have no room.
 */
export interface UsageCache<Measure extends string> {
  /**
   * Counts an amount in for all these owners, `times` over or as often as there is room for all of them: if that is less,
   * `refused` says whose limit is in the way, and in what.
   */
  admit<Of extends Allowance<Measure>>(
    allowances: readonly Of[],
    amount: Usage<Measure>,
    times?: number,
  ): Promise<{ admitted: number; refused?: { allowance: Of; measure: Measure } }>
  /** The owner was counted elsewhere. */
  set(owner: string, usage: Usage<Measure>): void
}

export interface UsageCacheOptions<Measure extends string> {
  /** Counts exactly. Asked once for many who wait. */
  read: (owner: string) => Promise<Usage<Measure>>
  /** Resolves when the store holds what was counted in so far: waited for before an owner is counted anew. */
  settled?: () => Promise<void>
  /** After so large a share of a limit was added, a new count may find as much room, however soon. */
  recountShare?: number
  capacity?: number
  now?: () => number
}

const RECOUNT_AFTER_MS = 60_000

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

  /** A new count is worth while where there seems to be no room, and much may have changed since the last. */
  async function countWhereNeeded(
    entry: Entry<Measure>,
    { owner, limit }: Allowance<Measure>,
    wanted: Usage<Measure>,
  ): Promise<void> {
    const over = excess(entry, limit, wanted)
    if (entry.counted && over === undefined) return
    const isOld = now() - entry.readAtMs >= RECOUNT_AFTER_MS
    const hasGrown = over !== undefined && (entry.added[over] ?? 0) >= limit[over] * recountShare
    if (!entry.counted || isOld || hasGrown) entry.reading ??= recount(entry, count(owner, entry), now)
    await entry.reading
  }

  return {
    async admit(allowances, amount, times = 1) {
      const owners = allowances.map((allowance) => ({ allowance, entry: entryOf(allowance.owner) }))
      const wanted = multiply(amount, times)
      await Promise.all(owners.map(({ allowance, entry }) => countWhereNeeded(entry, allowance, wanted)))
      for (let admitted = 0; admitted < times; admitted++) {
        for (const { allowance, entry } of owners) {
          const measure = excess(entry, allowance.limit, amount)
          if (measure !== undefined) return { admitted, refused: { allowance, measure } }
        }
        for (const { entry } of owners) add(entry, amount)
      }
      return { admitted: times }
    },
    set(owner, usage) {
      // A count that is under way is older than this one.
      Object.assign(entryOf(owner), { counted: usage, added: {}, readAtMs: now(), reading: undefined })
    },
  }
}

interface Entry<Measure extends string> {
  counted?: Usage<Measure>
  readAtMs: number
  /** Since that count was asked for: some may have taken the place of what was counted, or be gone again. */
  added: Partial<Record<Measure, number>>
  reading?: Promise<void> | undefined
}

/** What is added meanwhile is kept: the count may have come too early for it. */
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

function multiply<Measure extends string>(amount: Usage<Measure>, times: number): Usage<Measure> {
  const product: Partial<Record<Measure, number>> = {}
  for (const measure of measuresOf(amount)) product[measure] = amount[measure] * times
  return product as Usage<Measure>
}

/** In what an amount would exceed a limit. */
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
