import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

/** How much is written to standard error; results and errors are always written. */
export type Verbosity = 'quiet' | 'normal' | 'verbose'

let verbosity: Verbosity = 'normal'

export function setVerbosity(wanted: Verbosity): void {
  verbosity = wanted
}

export function isQuiet(): boolean {
  return verbosity === 'quiet'
}

/**
 * Characters that could repaint a terminal or reverse text, whether they come from us or from others: C0 and C1
 * controls (including ESC and CSI), line and paragraph separators, directional marks, interlinear annotations and
 * unpaired surrogates.
 */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\ufff9-\ufffb]/gu

/** Somebody else's text, safe to print on one line of a terminal: characters that could repaint it are removed. */
export function plain(text: string): string {
  return text.replace(unprintable, ' ').replace(/\s+/g, ' ').trim()
}

/** The last filter before the terminal, which all output passes: one line stays one line, with its spaces. */
function printable(text: string): string {
  return text.replace(unprintable, ' ')
}

/** Filters a text of several lines, whose line breaks are ours. */
function printableLines(text: string): string {
  return text
    .split(/\r\n?|\n/)
    .map(printable)
    .join('\n')
}

/** JSON in which the characters that could repaint a terminal are escaped; its meaning is unchanged. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(unprintable, (sign) =>
    sign === '\n' ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A cell of a table, or a line, optionally styled. */
export type Cell = string | { readonly style: Style; readonly text: string }

/** Prints one line of the result to standard output. */
export function print(line: Cell = ''): void {
  process.stdout.write(`${drawn(line, process.stdout)}\n`)
}

/** Prints a result of several lines that this program composed, such as YAML or a script. */
export function printText(text: string): void {
  process.stdout.write(`${printableLines(text)}\n`)
}

/** Prints rows of the result in columns as wide as their widest cell. The last column is not padded. */
export function printTable(rows: readonly (readonly Cell[])[]): void {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, widthOf(textOf(cell)))
  for (const row of rows) {
    const end = row.findLastIndex((cell) => textOf(cell) !== '')
    const cells = row.slice(0, end + 1).map((cell, column) => {
      const padding = column === end ? 0 : widths[column]! - widthOf(textOf(cell))
      return drawn(cell, process.stdout) + ' '.repeat(padding)
    })
    process.stdout.write(`${cells.join('  ')}\n`)
  }
}

/** Prints the result as one line of JSON, for programs. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(value)}\n`)
}

/** Prints progress for a person who watches; silent if standard error is not a terminal, unless --verbose is given. */
export function note(text: string): void {
  if (verbosity === 'verbose' || (verbosity === 'normal' && process.stderr.isTTY)) tell(plain(text))
}

/** Prints how an input was understood, so that a person can check it. */
export function remark(text: string): void {
  if (verbosity !== 'quiet') tell(plain(text), { style: 'cyan', text: 'note:' })
}

/** Prints a warning: the command continues, but the user must know. */
export function warn(text: string): void {
  if (verbosity !== 'quiet') tell(plain(text), { style: 'yellow', text: 'warning:' })
}

/** Prints why the command ends. Further lines are indented, so that none can be taken for a message of its own. */
export function complain(text: string): void {
  tell(text.split('\n').join('\n  '), { style: 'red', text: 'error:' })
}

/** Prints something that a person has to see to standard error, at every verbosity. */
export function tell(text: string, label?: Cell): void {
  process.stderr.write(`${label ? `${drawn(label, process.stderr)} ` : ''}${printableLines(text)}\n`)
}

/** Prints the start of a line on standard error, after which the user's answer is typed. */
export function ask(question: string): void {
  process.stderr.write(printable(question))
}

/** Repaints the last line of a terminal on standard error. */
export function repaint(line: string, stream: NodeJS.WriteStream): void {
  stream.write(`\r${printable(line)}\u001b[K`)
}

function drawn(cell: Cell, stream: NodeJS.WriteStream): string {
  const text = printable(textOf(cell))
  return typeof cell === 'string' ? text : styleText(cell.style, text, { stream })
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text
}

function widthOf(text: string): number {
  return [...printable(text)].length
}
