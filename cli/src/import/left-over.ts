import { counted } from '@holdfast/runtime/counted'
import { shorten } from '../output/shorten.ts'
import { plain } from '../output/terminal.ts'
import type { LeftOver } from './fields.ts'

/** One line for each kind of field that was not taken over: `creators/*\/nameType (12 ×): "Personal"`. */
export function describeLeftOver(leftOver: readonly LeftOver[]): string[] {
  const kinds = Map.groupBy(leftOver, ({ field }) => kindOfField(field))
  return [...kinds].map(([kind, items]) => {
    const times = items.length > 1 ? ` (${items.length} ×)` : ''
    const values = [...new Set(items.map(({ value }) => JSON.stringify(value)))]
    return `${plain(kind)}${times}: ${shorten(plain(values.slice(0, 3).join(', ')), 160)}`
  })
}

/** The first of some names, for a sentence. */
export function firstOf(names: readonly string[]): string {
  return `${names.slice(0, 8).map(plain).join(', ')}${names.length > 8 ? ', …' : ''}`
}

/** Says which kinds of field have no place in a record: `2 kinds of field could not be taken over (a, b)`. */
export function describeHomeless(kinds: ReadonlySet<string>): string {
  return `${counted(kinds.size, 'kind of field', 'kinds of field')} could not be taken over (${firstOf([...kinds])})`
}

/** The kind of a field: `creators/*` for both `creators/0` and `creators/1`. */
export function kindOfField(field: string): string {
  return field.replace(/\/\d+(?=\/|$)/g, '/*')
}
