import { CommandError } from '../command-error.ts'
import { isRemote } from '../is-address.ts'
import { note } from '../output/terminal.ts'
import type { RecordJson } from '../records/repo.ts'
import { checksumOf } from './checksums.ts'
import type { Checksum } from './remote-file.ts'

/** An address to make a torrent of. */
export interface SourceAddress {
  readonly url: string
  /** What is published of the file at the address, if it is one file. */
  readonly checksums: readonly Checksum[]
  /** Whether others are made all the same if this one cannot be read. */
  readonly mayFail: boolean
}

/**
 * The addresses of a dataset's own `sources` from which anybody can download, with their checksums. Throws a CommandError if
 * there are none.
 */
export function addressesOfSources(dataset: RecordJson): SourceAddress[] {
  const sources = (Array.isArray(dataset.sources) ? dataset.sources : []) as Record<string, unknown>[]
  const addresses: SourceAddress[] = []
  for (const source of sources) {
    const url = String(source.url)
    const reason = reasonAgainst(source, url)
    if (reason !== undefined) note(`The source ${url} is not read: ${reason}.`)
    else addresses.push({ url, checksums: checksumsOf(source.checksums), mayFail: true })
  }
  if (addresses.length === 0)
    throw new CommandError(
      'notFound',
      'The dataset names no source from which files can be downloaded over HTTP, or from a public bucket.',
    )
  return addresses
}

function reasonAgainst({ kind, access, status }: Record<string, unknown>, url: string): string | undefined {
  if (!isRemote(url)) return 'it is no http(s) or s3:// address'
  if (kind !== undefined && kind !== 'http' && kind !== 'web' && kind !== 's3')
    return `it is of the kind ${String(kind)}`
  if (access !== undefined && access !== 'public') return `its access is ${String(access)}`
  if (status === 'removed' || status === 'offline') return `its status is ${status}`
  return undefined
}

function checksumsOf(value: unknown): Checksum[] {
  const stated = (Array.isArray(value) ? value : []) as Record<string, unknown>[]
  return stated
    .map(({ algorithm, value }) => checksumOf(String(algorithm), String(value), 'the dataset’s record'))
    .filter((checksum) => checksum !== undefined)
}
