/**
 * How every program reads its settings from environment variables: all problems at once, a default that is written like a
 * value, secrets from files, and a list of what is in force.
 */
import { readFileSync } from 'node:fs'
import { ConfigError } from './operator-error.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Reads the value of a variable. @throws Error that says what to write instead */
export type Parse<T> = (text: string) => T

/** A variable, and what is in force for it. */
export interface SettingInForce {
  readonly name: string
  /** As it would be written; undefined where nothing is set and there is no default. */
  readonly text: string | undefined
  readonly from: 'default' | 'environment' | 'file'
  readonly isSecret: boolean
}

export interface Settings {
  /**
   * The value of a variable, or that of the default where it is unset or empty, or where it has a problem. The default is
   * written like a value, and can be computed from others.
   */
  read<T>(name: string, parse: Parse<T>, fallback: string): T
  read<T>(name: string, parse: Parse<T>, fallback?: string): T | undefined
  /** The same for a secret, which is never printed. `NAME_FILE` may name a file that holds it. */
  secret<T>(name: string, parse: Parse<T>): T | undefined
  /** Notes a problem that concerns several variables. */
  problem(message: string): void
  /** @throws ConfigError with every problem that was noted */
  finish(): void
  /** The variables that were read, in that order. */
  readonly inForce: readonly SettingInForce[]
}

/** Reads environment variables in one pass. */
export function readSettings(env: Environment): Settings {
  const problems: string[] = []
  const inForce: SettingInForce[] = []
  const parseOr = <T>(name: string, text: string, shown: string, parse: Parse<T>): T | undefined => {
    try {
      return parse(text)
    } catch (error) {
      problems.push(`${name}=${shown}: ${(error as Error).message}`)
      return undefined
    }
  }
  const fileOf = (name: string): string | undefined => {
    const path = env[`${name}_FILE`]?.trim()
    if (!path) return undefined
    if (env[name]?.trim()) {
      problems.push(`${name} and ${name}_FILE are both set: keep one`)
      return undefined
    }
    try {
      return readFileSync(path, 'utf8').trim()
    } catch (error) {
      problems.push(`${name}_FILE=${path}: cannot be read: ${(error as Error).message}`)
      return undefined
    }
  }
  function read<T>(name: string, parse: Parse<T>, fallback: string): T
  function read<T>(name: string, parse: Parse<T>, fallback?: string): T | undefined
  function read<T>(name: string, parse: Parse<T>, fallback?: string): T | undefined {
    const text = env[name]?.trim() || undefined
    inForce.push({
      name,
      text: text ?? fallback,
      from: text === undefined ? 'default' : 'environment',
      isSecret: false,
    })
    const value = text === undefined ? undefined : parseOr(name, text, shortened(text), parse)
    return value ?? (fallback === undefined ? undefined : parse(fallback))
  }
  return {
    inForce,
    read,
    secret(name, parse) {
      const given = env[name]?.trim() || undefined
      const filed = fileOf(name)
      const text = given ?? filed
      const from = text === undefined ? 'default' : given === undefined ? 'file' : 'environment'
      inForce.push({ name, text, from, isSecret: true })
      return text === undefined ? undefined : parseOr(name, text, '(hidden)', parse)
    },
    problem: (message) => problems.push(message),
    finish() {
      if (problems.length > 0) throw new ConfigError(problems)
    },
  }
}

/** What is in force as lines of `NAME=value`, each with where it comes from; secrets are masked. */
export function describeSettings(inForce: readonly SettingInForce[]): string {
  const lines = inForce.map(({ name, text, from, isSecret }) => {
    if (text === undefined) return `# ${name} is not set`
    return `${name}=${isSecret ? '********' : text}${from === 'default' ? '' : `  # ${origins[from]}`}`
  })
  return `${lines.join('\n')}\n`
}

const origins = { environment: 'from the environment', file: 'from the file of the variable' }

/**
 * Adds the variables of a file `.env` in the working directory to `process.env`, where they are not set. Only servers do
 * this: the folder in which somebody runs a command may be a stranger's.
 */
export function loadEnvFile(): void {
  try {
    process.loadEnvFile('.env')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
