/** The value in the middle, the upper one of two; machines are noisy, and a mean believes every spell of it. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1]!
}
