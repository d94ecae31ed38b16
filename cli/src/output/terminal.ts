import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** One line of the result, to standard output. */
export function print(text = ''): void {
  process.stdout.write(`${text}\n`)
}

/** The result as one line of JSON, for programs. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** How things go, for a person who watches: silent when standard error is piped. */
export function note(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text}\n`)
}

/** What a person must know though the command goes on. */
export function warn(text: string): void {
  process.stderr.write(`${paintError('yellow', 'warning:')} ${text}\n`)
}

/** Styled for standard output; plain when it is piped or NO_COLOR is set. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

/** Styled for standard error. */
export function paintError(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr })
}

/** Somebody else's words on one line of a terminal: control characters, which could repaint it, are taken out. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\s]+/gu, ' ').trim()
}
