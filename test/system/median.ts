/** The middle value, the upper one of two. Machines are noisy, and every slow period would affect a mean. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1]!
}
