import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test, vi } from 'vitest'
import { note, plain, print, printJson, printTable, printText, setVerbosity, warn } from './terminal.ts'

afterEach(() => {
  vi.restoreAllMocks()
  setVerbosity('normal')
})

/** Every character that a terminal could read as a command, a line break or a change of direction. */
const hostile = [
  ...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)),
  ...Array.from({ length: 33 }, (_, code) => String.fromCharCode(0x7f + code)),
  ...'\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufff9\ud800',
]
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const orders = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9]/

function written(stream: NodeJS.WriteStream, work: () => void): string {
  let text = ''
  vi.spyOn(stream, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  work()
  vi.restoreAllMocks()
  return text
}

test('text from others cannot control the terminal', () => {
  expect(plain('a\u001b]0;title\u0007b\r\nc\u202egpj.exe')).toBe('a ]0;title b c gpj.exe')
})

test('lets no control character through to a terminal', () => {
  const text = hostile.map((sign) => `x${sign}y`).join('')
  const ways = [
    () => print(text),
    () => print({ style: 'bold', text: '' }),
    () => printTable([[text, text]]),
    () => printText(text),
    () => printJson({ [text]: text }),
  ]
  for (const way of ways) expect(written(process.stdout, way)).not.toMatch(orders)
  setVerbosity('verbose')
  for (const way of [() => warn(text), () => note(text)])
    expect(written(process.stderr, way)).not.toMatch(orders)
})

test('a name with a line break does not make a new line', () => {
  expect(written(process.stdout, () => print('a\nAll pieces are right.'))).toBe('a All pieces are right.\n')
})

test('escaping control characters in JSON does not change its meaning', () => {
  const text = hostile.slice(0, -1).join('')
  const line = written(process.stdout, () => printJson({ text }))
  expect(JSON.parse(line)).toEqual({ text })
})

test('aligns columns whatever their styles', () => {
  const rows = [
    ['a', { style: 'bold', text: 'b' } as const, ''],
    ['long', 'b', 'y'],
  ]
  expect(written(process.stdout, () => printTable(rows))).toBe('a     b\nlong  b  y\n')
})

test('writes no notes or warnings with --quiet', () => {
  setVerbosity('quiet')
  expect(written(process.stderr, () => warn('careful'))).toBe('')
})

test('no other code of the command writes to a terminal', async () => {
  const source = fileURLToPath(new URL('..', import.meta.url))
  for await (const path of glob('**/*.ts', { cwd: source })) {
    if (path === join('output', 'terminal.ts') || path.endsWith('.test.ts')) continue
    expect(await readFile(join(source, path), 'utf8'), path).not.toMatch(/std(?:out|err)\.write\(|console\./)
  }
})
