import type { SortColumn } from '../../plan/sorts.ts'
import { noDeadline } from '../segments/segment.ts'
import type { SupportedSort } from './supports.ts'

/** An order by a column. Keys are numbers; in a cursor they are written as PostgreSQL writes the value. */
export interface MemorySort {
  readonly descending: boolean
  readonly column: SortColumn
  /** The number that stands for "unknown" in the column, and the key of such datasets in the order. */
  readonly unknown?: { readonly inColumn: number; readonly key: number }
  readonly toText: (key: number) => string
  readonly fromText: (text: string) => number
}

/** Returns undefined for the order by score. */
export function memorySortOf(sort: SupportedSort): MemorySort | undefined {
  if (sort.by === 'relevance') return undefined
  const { column, descending } = sort
  if (column === 'created') return { column, descending, toText: instantText, fromText: readInstant }
  const { absent } = sort
  if (column === 'deadline')
    return {
      column,
      descending,
      toText: (key) => (key === noDeadline ? absent : new Date(key * dayMs).toISOString().slice(0, 10)),
      fromText: (text) => (text === absent ? noDeadline : Date.parse(`${text}T00:00:00Z`) / dayMs),
    }
  const key = Number(absent)
  return {
    column,
    descending,
    unknown: { inColumn: -1, key },
    // PostgreSQL's greatest number is too large for a JavaScript number, so its text is kept.
    toText: (value) => (value === key ? absent : String(value)),
    fromText: Number,
  }
}

const dayMs = 86_400_000

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
