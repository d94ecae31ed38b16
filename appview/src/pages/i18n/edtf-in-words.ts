import { edtfBounds } from '@holdfast/lexicons/edtf'

/** The words of a language for EDTF dates. */
export interface EdtfWords {
  about: string
  perhaps: string
  since: string
  until: string
  to: string
  month(ms: number): string
  day(ms: number): string
}

/** An EDTF string (ISO 8601-2, level 0 or 1) in words; unchanged when it is not valid, or has a rarer form. */
export function edtfInWords(text: string, words: EdtfWords): string {
  if (!edtfBounds(text)) return text
  const [from = '', to] = text.split('/')
  if (to === undefined) return dateInWords(from, words)
  if (from === '' || from === '..') return `${words.until} ${dateInWords(to, words)}`
  if (to === '' || to === '..') return `${words.since} ${dateInWords(from, words)}`
  return `${dateInWords(from, words)} ${words.to} ${dateInWords(to, words)}`
}

function dateInWords(text: string, words: EdtfWords): string {
  const [, date = '', mark] = /^(.*?)([?~%])?$/.exec(text) ?? []
  const said = calendarInWords(date, words)
  if (mark === '~') return `${words.about} ${said}`
  if (mark === '?') return `${words.perhaps} ${said}`
  return mark === '%' ? `${words.perhaps} ${words.about} ${said}` : said
}

function calendarInWords(date: string, words: EdtfWords): string {
  const { earliestMs } = edtfBounds(date) ?? {}
  if (earliestMs === undefined) return date
  if (/^\d{4}-(0\d|1[0-2])$/.test(date)) return words.month(earliestMs)
  if (/^\d{4}-\d\d-\d\d$/.test(date)) return words.day(earliestMs)
  return date
}
