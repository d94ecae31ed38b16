import { en } from './en/messages.ts'
import { es } from './es/messages.ts'
import { type Format, formatFor, type Language } from './format.ts'

/** All texts of the pages in one language; the English texts define the type. */
export type Messages = typeof en

export interface LanguageChoice {
  language: Language
  t: Messages
  format: Format
}

/** The languages of the pages, each with its name in that language. */
export const languages: readonly { tag: Language; name: string }[] = [
  { tag: 'en', name: 'English' },
  { tag: 'es', name: 'Español' },
]

const choices: Readonly<Record<Language, LanguageChoice>> = {
  en: { language: 'en', t: en, format: formatFor('en') },
  es: { language: 'es', t: es, format: formatFor('es') },
}

/** The language that the reader chose, or else the one that the browser prefers (RFC 9110 §12.5.4). */
export function chooseLanguage(asked: unknown, acceptLanguage: string | undefined): LanguageChoice {
  if (isLanguage(asked)) return choices[asked]
  const ranges = (acceptLanguage ?? '').slice(0, 500).split(',').map(readRange)
  const liked = ranges
    .filter((range) => range.quality > 0 && isLanguage(range.tag))
    .sort((a, b) => b.quality - a.quality)
  return choices[(liked[0]?.tag as Language | undefined) ?? 'en']
}

export function isLanguage(text: unknown): text is Language {
  return text === 'en' || text === 'es'
}

function readRange(text: string): { tag: string; quality: number } {
  const [range = '', ...parameters] = text.trim().toLowerCase().split(';')
  const quality = parameters
    .map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1])
    .find((q) => q !== undefined)
  return { tag: range.split('-')[0]!, quality: quality === undefined ? 1 : Number(quality) }
}
