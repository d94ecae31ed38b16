/** How values of settings are written, the same in all programs. Each throws an Error that says what to write instead. */
import { isIP } from 'node:net'
import type { Parse } from './settings.ts'

/** Any text. */
export const anyText: Parse<string> = (text) => text

/** A whole number within limits. */
export function wholeNumber(least = 1, most = 999_999_999): Parse<number> {
  return (text) => {
    const count = Number(text)
    if (/^\d+$/.test(text) && count >= least && count <= most) return count
    throw new Error(`write a whole number from ${least} to ${most}`)
  }
}

/** A TCP or UDP port; 0 lets the system choose one. */
export function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new Error('write a port from 1 to 65535, or 0 for any free one')
  return Number(text)
}

/** `on` or `off`, `true` or `false`, `1` or `0`, `yes` or `no`. */
export function flag(text: string): boolean {
  const word = text.toLowerCase()
  if (['on', 'true', '1', 'yes'].includes(word)) return true
  if (['off', 'false', '0', 'no'].includes(word)) return false
  throw new Error('write on or off')
}

/** One of a closed set of words. */
export function oneOf<const Word extends string>(...words: Word[]): Parse<Word> {
  return (text) => {
    if (!(words as string[]).includes(text)) throw new Error(`write one of ${words.join(', ')}`)
    return text as Word
  }
}

/** An absolute URL with one of these schemes, without a trailing slash. */
export function urlOf(...schemes: string[]): Parse<string> {
  return (text) => {
    const scheme = URL.canParse(text) ? new URL(text).protocol.slice(0, -1) : undefined
    if (scheme === undefined || !schemes.includes(scheme))
      throw new Error(
        `write a whole URL that begins with ${schemes.map((name) => `${name}://`).join(' or ')}`,
      )
    return text.replace(/\/+$/, '')
  }
}

/** A comma-separated list. */
export function listOf<T>(parse: Parse<T>): Parse<readonly T[]> {
  return (text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(parse)
}

/** An address of this machine to listen on. */
export function localAddress(text: string): string {
  if (isIP(text) === 0) throw new Error('write an address of this machine, such as 127.0.0.1 or ::1')
  return text
}

/** An address, or a network as an address and the number of its leading bits. */
export function network(text: string): string {
  const [address = '', bits, ...more] = text.split('/')
  const family = isIP(address)
  const isWhole = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
  if (family === 0 || !isWhole || more.length > 0)
    throw new Error(`"${text}" is neither an address nor a network such as 10.0.0.0/8`)
  return text
}
