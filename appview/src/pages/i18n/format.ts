import { type EdtfWords, edtfInWords } from './edtf-in-words.ts'

export type Language = 'en' | 'es'

/** Formats numbers, sizes and times in a language; all times are UTC. */
export interface Format {
  number(value: number): string
  /** A size with decimal units and three digits: `1.23 GB`. */
  size(bytes: number): string
  /** The day of an instant. */
  date(instant: string): string
  /** The day and time of an instant. */
  time(instant: string): string
  /** How long ago, or how soon: `3 days ago`. */
  fromNow(instant: string, nowMs?: number): string
  /** An EDTF string in words; unchanged when it is not valid. */
  edtf(text: string): string
  list(items: readonly string[]): string
  /** A box of decimal degrees: `90° S – 90° N, 180° W – 180° E`; unchanged when it is not valid. */
  box(box: Box): string
  /** The name of a language by its BCP 47 tag; the tag itself when there is no name. */
  languageName(tag: string): string
  /** The form for a number, `one` or `other`, with the number in place of `#`. */
  plural(value: number, forms: { one: string; other: string }): string
  /** Makes a function that writes a number with the right form: `count('# file', '# files')(3)`. */
  count(one: string, other: string): (value: number) => string
}

interface Box {
  west: string
  south: string
  east: string
  north: string
}

export function formatFor(language: Language): Format {
  const locale = language === 'en' ? 'en-GB' : 'es'
  const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0, useGrouping: true })
  const digits = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 })
  const degrees = new Intl.NumberFormat(locale, { maximumFractionDigits: 4 })
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' })
  const times = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })
  const months = new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const lists = new Intl.ListFormat(locale, { type: 'conjunction' })
  const languageNames = new Intl.DisplayNames(locale, { type: 'language' })
  const plurals = new Intl.PluralRules(locale)
  const words: EdtfWords = {
    ...edtfWords[language],
    month: (ms) => months.format(ms),
    day: (ms) => dates.format(ms),
  }
  const plural: Format['plural'] = (value, forms) =>
    (plurals.select(value) === 'one' ? forms.one : forms.other).replace('#', numbers.format(value))
  return {
    number: (value) => numbers.format(value),
    size: (bytes) => sizeIn(bytes, (value) => digits.format(value)),
    date: (instant) => (isInstant(instant) ? dates.format(new Date(instant)) : instant),
    time: (instant) => (isInstant(instant) ? `${times.format(new Date(instant))} UTC` : instant),
    fromNow: (instant, nowMs = Date.now()) => {
      if (!isInstant(instant)) return instant
      const { value, unit } = distance((Date.parse(instant) - nowMs) / 1000)
      return relative.format(value, unit)
    },
    edtf: (text) => edtfInWords(text, words),
    list: (items) => lists.format(items),
    box: (box) => boxInWords(box, (value) => degrees.format(value), compass[language]),
    languageName: (tag) => nameOf(languageNames, tag),
    plural,
    count: (one, other) => (value) => plural(value, { one, other }),
  }
}

/** Joins the parts that are not false into one sentence; empty when there are none. */
export function sentence(parts: readonly (string | false)[]): string {
  const said = parts.filter((part) => part !== false)
  return said.length === 0 ? '' : `${said.join('; ')}.`
}

function nameOf(names: Intl.DisplayNames, tag: string): string {
  try {
    return names.of(tag) ?? tag
  } catch {
    return tag
  }
}

function isInstant(text: string): boolean {
  return !Number.isNaN(Date.parse(text))
}

const edtfWords = {
  en: { about: 'about', perhaps: 'perhaps', since: 'since', until: 'until', to: '–' },
  es: { about: 'hacia', perhaps: 'quizá', since: 'desde', until: 'hasta', to: '–' },
} as const

const compass = {
  en: { north: 'N', south: 'S', east: 'E', west: 'W' },
  es: { north: 'N', south: 'S', east: 'E', west: 'O' },
} as const

function boxInWords(
  { west, south, east, north }: Box,
  write: (value: number) => string,
  names: Readonly<Record<keyof Box, string>>,
): string {
  const isNumber = (text: string) => text.trim() !== '' && Number.isFinite(Number(text))
  if (![west, south, east, north].every(isNumber)) return `${south} – ${north}, ${west} – ${east}`
  const side = (text: string, [positive, negative]: readonly [string, string]) => {
    const value = Number(text)
    const name = value > 0 ? ` ${positive}` : value < 0 ? ` ${negative}` : ''
    return `${write(Math.abs(value))}°${name}`
  }
  const latitudes = [names.north, names.south] as const
  const longitudes = [names.east, names.west] as const
  return `${side(south, latitudes)} – ${side(north, latitudes)}, ${side(west, longitudes)} – ${side(east, longitudes)}`
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']

function sizeIn(bytes: number, write: (value: number) => string): string {
  let power = bytes > 0 ? Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1) : 0
  // 999,999 bytes would round to "1,000 kB".
  if (power < units.length - 1 && Number((bytes / 1000 ** power).toPrecision(3)) >= 1000) power += 1
  return `${write(bytes / 1000 ** power)} ${units[power]}`
}

const steps: readonly [seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [31_557_600, 'year'],
  [2_629_800, 'month'],
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
]

function distance(seconds: number): { value: number; unit: Intl.RelativeTimeFormatUnit } {
  for (const [size, unit] of steps)
    if (Math.abs(seconds) >= size) return { value: Math.round(seconds / size), unit }
  return { value: Math.round(seconds), unit: 'second' }
}
