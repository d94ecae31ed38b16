import { stripVTControlCharacters } from 'node:util'

/** Rows in columns as wide as their widest cell; cells may carry colours. The last column is not padded. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const width = (cell: string) => [...stripVTControlCharacters(cell)].length
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell + ' '.repeat(widths[column]! - width(cell)),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Cut to `length` characters, the last one an ellipsis. */
export function shorten(text: string, length: number): string {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}
