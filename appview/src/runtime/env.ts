import { ConfigError } from '@holdfast/runtime/operator-error'

/** Reads the value of an environment variable. @throws Error that says what to write instead. */
export type Parse<T> = (text: string) => T

export interface EnvReader {
  /** The parsed value; the default where the variable is unset or empty, or where its problem was noted. */
  read<T, D = T>(name: string, parse: Parse<T>, fallback: D): T | D
  /** Notes a problem that concerns several variables. */
  problem(message: string): void
  /** @throws ConfigError with every problem noted so far. */
  finish(): void
}

/** Reads environment variables in one pass and gathers what is wrong with them. */
export function readEnv(env: Readonly<Record<string, string | undefined>>): EnvReader {
  const problems: string[] = []
  return {
    read(name, parse, fallback) {
      const text = env[name]?.trim()
      if (!text) return fallback
      try {
        return parse(text)
      } catch (error) {
        problems.push(
          `${name}=${text.length > 80 ? `${text.slice(0, 80)}…` : text}: ${(error as Error).message}`,
        )
        return fallback
      }
    },
    problem: (message) => problems.push(message),
    finish() {
      if (problems.length > 0) throw new ConfigError(problems)
    },
  }
}

/** A whole number from 1 to 999,999,999. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error('write a whole number such as 5000')
  return Number(text)
}

/** A TCP or UDP port; 0 lets the system choose one. */
export function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new Error('write a port from 1 to 65535, or 0 for any free one')
  return Number(text)
}

/** `on` or `off`, `true` or `false`, `1` or `0`. */
export function flag(text: string): boolean {
  const value = {
    on: true,
    true: true,
    '1': true,
    yes: true,
    off: false,
    false: false,
    '0': false,
    no: false,
  }[text.toLowerCase()]
  if (value === undefined) throw new Error('write on or off')
  return value
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
