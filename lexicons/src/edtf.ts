/**
 * The time an EDTF string covers, in milliseconds since 1970 UTC, both ends included.
 *
 * An end that is open (`..`), unknown or absent is undefined. Years that a `Date` cannot hold are clamped.
 */
export interface EdtfBounds {
  readonly earliestMs: number | undefined
  readonly latestMs: number | undefined
}

/**
 * The bounds of an EDTF string of level 0 or 1 (ISO 8601-2:2019, Library of Congress EDTF specification);
 * undefined if it is none.
 *
 * `2011` covers the whole year; `1880/1920` both years and all between; `201X` the decade; `2026-09~` September,
 * since "approximately" has no agreed width; a season its three months, the northern spring from March on.
 */
export function edtfBounds(text: string): EdtfBounds | undefined {
  const parts = text.split('/')
  if (parts.length === 1) return dateBounds(text)
  if (parts.length !== 2) return undefined
  const [from, to] = parts as [string, string]
  const start = endpointBounds(from)
  const end = endpointBounds(to)
  if (!start || !end || (isOpen(from) && isOpen(to))) return undefined
  const bounds = { earliestMs: start.earliestMs, latestMs: end.latestMs }
  const { earliestMs = -Infinity, latestMs = Infinity } = bounds
  return earliestMs <= latestMs ? bounds : undefined
}

/** Whether a string is EDTF of level 0 or 1. */
export function isEdtf(text: string): boolean {
  return edtfBounds(text) !== undefined
}

const open: EdtfBounds = { earliestMs: undefined, latestMs: undefined }

// In level 1, `..` is an open end, and an empty string is an unknown one.
function isOpen(text: string): boolean {
  return text === '' || text === '..'
}

function endpointBounds(text: string): EdtfBounds | undefined {
  return isOpen(text) ? open : dateBounds(text)
}

const dateTime = /^(-?\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(Z|[+-]\d\d(?::?\d\d)?)?$/
const longYear = /^Y(-?[1-9]\d{4,})[?~%]?$/
const date = /^(-?(?:\d{4}|\d{3}X|\d{2}XX))(?:-(\d\d|XX)(?:-(\d\d|XX))?)?[?~%]?$/

function dateBounds(text: string): EdtfBounds | undefined {
  const exact = dateTime.exec(text)
  if (exact) return instant(exact)
  const long = longYear.exec(text)
  if (long) return span({ firstYear: Number(long[1]), lastYear: Number(long[1]) })
  const match = date.exec(text)
  if (!match) return undefined
  const [, year = '', month, day] = match
  // For a negative year, replacing the unspecified digits with nines gives the earlier year.
  const [a, b] = [Number(year.replaceAll('X', '0')), Number(year.replaceAll('X', '9'))]
  if (year === '-0000' || (year.includes('X') && month !== undefined)) return undefined
  return span({ firstYear: Math.min(a, b), lastYear: Math.max(a, b), month, day })
}

interface Calendar {
  firstYear: number
  lastYear: number
  month?: string | undefined
  day?: string | undefined
}

function span({ firstYear, lastYear, month, day }: Calendar): EdtfBounds | undefined {
  if (month === undefined || (month === 'XX' && (day === undefined || day === 'XX'))) {
    return between(utc(firstYear, 0, 1), utc(lastYear + 1, 0, 1))
  }
  if (month === 'XX') return undefined
  const number = Number(month)
  if (number >= 21 && number <= 24 && day === undefined) {
    const firstMonth = 2 + 3 * (number - 21)
    return between(utc(firstYear, firstMonth, 1), utc(firstYear, firstMonth + 3, 1))
  }
  if (number < 1 || number > 12) return undefined
  if (day === undefined || day === 'XX') {
    return between(utc(firstYear, number - 1, 1), utc(firstYear, number, 1))
  }
  if (!dayExists(firstYear, number, Number(day))) return undefined
  return between(utc(firstYear, number - 1, Number(day)), utc(firstYear, number - 1, Number(day) + 1))
}

function instant(match: RegExpExecArray): EdtfBounds | undefined {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (!dayExists(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined
  const offset = offsetMinutes(match[7])
  if (offset === undefined) return undefined
  const ms = utc(year, month - 1, day) + ((hour * 60 + minute - offset) * 60 + second) * 1000
  return { earliestMs: ms, latestMs: ms + 999 }
}

/** The offset of a zone in minutes east of UTC; a time without a zone is taken to be UTC. */
function offsetMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))]
  if (hours > 14 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

function between(startMs: number, endMs: number): EdtfBounds {
  return { earliestMs: startMs, latestMs: Math.max(startMs, endMs - 1) }
}

function dayExists(year: number, month: number, day: number): boolean {
  const when = new Date(utc(year, month - 1, day))
  return when.getUTCMonth() === month - 1 && when.getUTCDate() === day
}

// A Date covers 100,000,000 days on either side of 1970 (ECMAScript). `Date.UTC` would read year 11 as 1911.
const farthestMs = 8.64e15

function utc(year: number, month: number, day: number): number {
  const ms = new Date(0).setUTCFullYear(year, month, day)
  if (!Number.isNaN(ms)) return ms
  return year < 0 ? -farthestMs : farthestMs
}
