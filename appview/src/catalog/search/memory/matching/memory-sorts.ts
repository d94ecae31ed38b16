import { noDeadline } from '../segments/segment.ts'

/** An order of the corpus, by the name of the lexicon. Keys are numbers; a cursor carries PostgreSQL's text of them. */
export interface MemorySort {
  readonly descending: boolean
  readonly column: 'created' | 'size' | 'seeders' | 'deadline'
  /** The key of what is unknown (below zero), where that has one of its own. */
  readonly unknown?: number
  readonly toText: (key: number) => string
  readonly fromText: (text: string) => number
}

const wholeNumber = { toText: String, fromText: Number }
const largestNumber = '9223372036854775807'
const dayMs = 86_400_000

/** Orders beside relevance. */
export const memorySorts: Readonly<Record<string, MemorySort>> = {
  newest: { descending: true, column: 'created', toText: instantText, fromText: readInstant },
  'fewest-seeders': { ...wholeNumber, descending: false, column: 'seeders', unknown: 2_147_483_647 },
  largest: { ...wholeNumber, descending: true, column: 'size' },
  smallest: {
    descending: false,
    column: 'size',
    unknown: Infinity,
    toText: (key) => (key === Infinity ? largestNumber : String(key)),
    fromText: (text) => (text === largestNumber ? Infinity : Number(text)),
  },
  'risk-deadline': {
    descending: false,
    column: 'deadline',
    toText: (key) => (key === noDeadline ? 'infinity' : new Date(key * dayMs).toISOString().slice(0, 10)),
    fromText: (text) => (text === 'infinity' ? noDeadline : Date.parse(`${text}T00:00:00Z`) / dayMs),
  },
}

/** Microseconds since 1970 as `2026-01-02 03:04:05.6+00`. */
function instantText(microseconds: number): string {
  const seconds = Math.floor(microseconds / 1e6)
  const fraction = String(microseconds - seconds * 1e6)
    .padStart(6, '0')
    .replace(/0+$/, '')
  const whole = new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ')
  return `${whole}${fraction && `.${fraction}`}+00`
}

function readInstant(text: string): number {
  const [, whole = '', fraction = ''] = /^([^.+]+)(?:\.(\d+))?\+00$/.exec(text) ?? []
  return Date.parse(`${whole.replace(' ', 'T')}Z`) * 1_000 + Number(fraction.padEnd(6, '0'))
}
