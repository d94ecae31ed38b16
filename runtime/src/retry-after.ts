/** The milliseconds that a Retry-After header asks for, in seconds or as a date (RFC 9110, section 10.2.3). */
export function retryAfterMs(value: string | null | undefined, nowMs: number): number | undefined {
  if (!value) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}
