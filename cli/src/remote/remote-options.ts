import { Option } from 'commander'
import { CommandError } from '../command-error.ts'
import { version } from '../version.ts'

/** The options that concern addresses only. */
export interface RemoteOptions {
  readonly urls?: string
  readonly keep?: string
  readonly keepState?: boolean
  readonly connections?: number
  readonly maxFiles?: number
  readonly maxDepth?: number
}

/** These options, as `torrent create` and `publish` both define them. */
export function remoteOptions(): Option[] {
  return [
    new Option('--urls <file>', 'addresses to make a torrent of, one a line; a file, an address, or -'),
    new Option(
      '--keep <directory>',
      'keep the downloaded files there, ready to seed (default: keep nothing)',
    ),
    new Option(
      '--keep-state',
      'keep NAME.torrent.state, so that a later run reads only files that have changed',
    ),
    new Option('--connections <n>', 'connections to one server at a time')
      .argParser(number('--connections', 32))
      .default(4),
    new Option('--max-files <n>', 'stop at a listing with more files')
      .argParser(number('--max-files', 10_000_000))
      .default(100_000),
    new Option('--max-depth <n>', 'stop at a listing that goes deeper')
      .argParser(number('--max-depth', 1000))
      .default(32),
  ]
}

/** How requests for files introduce themselves. */
export const userAgent = `holdfast/${version}`

function number(name: string, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (Number.isInteger(value) && value > 0 && value <= most) return value
    throw new CommandError(
      'usage',
      `${name} is ${JSON.stringify(text)}; give a whole number from 1 to ${most}.`,
    )
  }
}
