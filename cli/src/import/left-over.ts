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

/** The kind of a field: `creators/*` for both `creators/0` and `creators/1`. */
export function kindOfField(field: string): string {
  return field.replace(/\/\d+(?=\/|$)/g, '/*')
}
