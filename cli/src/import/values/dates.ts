import { isEdtf } from '@holdfast/lexicons/edtf'

/**
 * Converts a date as catalogs write it to EDTF: `2011`, `2011-11-19`, `2011-11-19T12:00:00.123Z` (without its
 * fraction), `2011-11-19 12:00`, `20111119`. Undefined for dates that are ambiguous, such as 11/12/2011.
 */
export function toEdtf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
  const candidates = [
    text,
    text.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'),
    text.replace(
      /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?$/i,
      (_, day, time, seconds, zone) => `${day}T${time}${seconds ?? ':00'}${zone ?? ''}`.toUpperCase(),
    ),
  ]
  return candidates.find((candidate) => candidate !== '' && isEdtf(candidate))
}

/** Reads a period written as `start/end` (ISO 8601), or `start/` if it has not ended; a single date is both. */
export function toTemporal(value: unknown): { start?: string; end?: string } | undefined {
  if (typeof value !== 'string') return undefined
  const parts = value.trim().split('/')
  if (parts.length > 2) return undefined
  const isOpen = (part: string) => part === '' || part === '..'
  const [from = '', to = parts.length === 1 ? from : ''] = parts
  const [start, end] = [toEdtf(from), toEdtf(to)]
  if ((!start && !isOpen(from)) || (!end && !isOpen(to)) || (!start && !end)) return undefined
  return { ...(start && { start }), ...(end && { end }) }
}
