/** Durations and sizes as operators write them in settings, the same in all programs. */

/** Reads a duration such as `30s`, `5m`, `24h` or `7d`, in milliseconds. @throws Error that says what to write instead */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  if (!match) throw new Error('write a duration such as 30s, 5m, 24h or 7d')
  return Number(match[1]) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 's']
}

/** Reads a size such as `10MB` or `4TB` (powers of 1000), in bytes. @throws Error that says what to write instead */
export function sizeBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(B|kB|KB|MB|GB|TB)$/.exec(text)
  if (!match) throw new Error('write a size such as 500kB, 10MB or 4TB')
  return Math.round(
    Number(match[1]) * { B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }[match[2] as 'B'],
  )
}
