/** The time that the measured work takes on a current laptop without other load. */
const referenceMs = 25
const mostTimes = 6

/**
 * How many times slower this machine is now than a current laptop: 1 to 6. A test's limit is a minute of that laptop's
 * time, so that a small or busy machine does not fail tests that are only slow.
 */
export function slowness(): number {
  const times = [measure(), measure(), measure()].sort((a, b) => a - b)
  return Math.min(Math.max(times[1]! / referenceMs, 1), mostTimes)
}

function measure(): number {
  const startedAt = performance.now()
  const seen = new Map<string, number>()
  for (let i = 0; i < 100_000; i++) seen.set(`key ${i % 5_000}`, (seen.get(`key ${i % 4_999}`) ?? 0) + i)
  return performance.now() - startedAt
}
