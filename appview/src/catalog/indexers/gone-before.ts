import { edtfBounds } from '@holdfast/lexicons/edtf'

const firstStorableMs = Date.parse('0001-01-01T00:00:00Z')
const lastStorableMs = Date.parse('9999-12-31T23:59:59Z')

/** The last day of an EDTF `expectedGone` as `YYYY-MM-DD`; null when it is open-ended or not a valid date in PostgreSQL. */
export function goneBefore(expectedGone: string | undefined): string | null {
  const latestMs = expectedGone === undefined ? undefined : edtfBounds(expectedGone)?.latestMs
  if (latestMs === undefined || latestMs < firstStorableMs || latestMs > lastStorableMs) return null
  return new Date(latestMs).toISOString().slice(0, 10)
}
