const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']

/** Formats bytes like `1.2 GB`, in powers of a thousand. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** Formats seconds as `1:02:03`, or as `2:03` under an hour. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const tail = `${String(minutes).padStart(hours ? 2 : 1, '0')}:${String(rest).padStart(2, '0')}`
  return hours ? `${hours}:${tail}` : tail
}

/** Parses `16777216`, `16MiB` or `4TB` as bytes; throws an Error that shows these forms. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgtp])(i?)b?|b)?$/i.exec(text.trim())
  if (!match) throw new Error(`"${text}" is not a size; write it like 16777216, 16MiB or 4TB`)
  const [, number = '', prefix = '', binary = ''] = match
  const power = prefix === '' ? 0 : 'kmgtp'.indexOf(prefix.toLowerCase()) + 1
  return Math.round(Number(number) * (binary ? 1024 : 1000) ** power)
}
