import { Option } from 'commander'
import { CommandError } from '../command-error.ts'
import { isAddress } from '../is-address.ts'
import { version } from '../version.ts'
import { wholeNumber } from '../whole-number.ts'

/** The options that concern addresses only. */
export interface RemoteOptions {
  readonly urls?: string
  readonly endpoint?: string
  readonly keep?: string
  readonly keepState?: boolean
  readonly connections?: number
  readonly maxFiles?: number
  readonly maxDepth?: number
}

const usualLimits = { connections: 4, maxFiles: 100_000, maxDepth: 32 }

/** The limits that the options set, or the usual ones. */
export function limitsOf({ connections, maxFiles, maxDepth }: RemoteOptions): typeof usualLimits {
  return {
    connections: connections ?? usualLimits.connections,
    maxFiles: maxFiles ?? usualLimits.maxFiles,
    maxDepth: maxDepth ?? usualLimits.maxDepth,
  }
}

/** These options, as `torrent create` and `publish` both define them. */
export function remoteOptions(): Option[] {
  return [
    new Option('--urls <file>', 'addresses to make a torrent of, one a line; a file, an address, or -'),
    endpointOption(),
    new Option(
      '--keep <directory>',
      'keep the downloaded files there, ready to seed (default: keep nothing)',
    ),
    new Option(
      '--keep-state',
      'keep NAME.torrent.state, so that a later run reads only files that have changed',
    ),
    new Option('--connections <n>', 'connections to one server at a time')
      .argParser(wholeNumber('--connections', 32))
      .default(usualLimits.connections),
    new Option('--max-files <n>', 'stop at a listing with more files')
      .argParser(wholeNumber('--max-files', 10_000_000))
      .default(usualLimits.maxFiles),
    new Option('--max-depth <n>', 'stop at a listing that goes deeper')
      .argParser(wholeNumber('--max-depth', 1000))
      .default(usualLimits.maxDepth),
  ]
}

/** `--endpoint`, wherever `s3://` addresses are read. */
export function endpointOption(): Option {
  return new Option(
    '--endpoint <url>',
    'the server of s3:// addresses, if it is another S3-compatible one (default: Amazon’s)',
  ).argParser((text) => {
    const url = isAddress(text) ? URL.parse(text) : null
    if (url && !url.search && !url.hash && !url.username) return url.href.replace(/\/*$/, '/')
    throw new CommandError(
      'usage',
      `--endpoint is ${JSON.stringify(text)}; give the address of a server, such as https://s3.example.org.`,
    )
  })
}

/** How requests for files introduce themselves. */
export const userAgent = `holdfast/${version}`
