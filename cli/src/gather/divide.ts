import { createHash } from 'node:crypto'
import { counted } from '@holdfast/runtime/counted'
import type { Checksum, RemoteFile } from '../remote/remote-file.ts'

/** A part that is still to be written: its key, and its fields without `dataset` and `createdAt`. */
export interface PlannedPart {
  readonly rkey: string
  readonly title: string
  readonly urls: readonly PartUrl[]
  readonly sizeBytes?: number
}

export interface PartUrl {
  readonly url: string
  readonly sizeBytes?: number
  readonly checksums?: readonly { readonly algorithm: string; readonly value: string }[]
}

export interface Division {
  /** The most files of a part. */
  readonly mostFiles: number
  /** The most bytes of a part, where sizes are known; a larger file is a part of its own. */
  readonly mostBytes?: number | undefined
}

/** The most addresses that a part's record may have (lexicon), and about as many as fit into 100 kB. */
export const mostAddresses = 1_000

/**
 * Divides files into parts, in the order of their addresses, so that the files of a directory stay together. The key of a part
 * follows from its addresses: dividing the same files again makes the same parts.
 */
export function divide(files: readonly RemoteFile[], prefix: string, division: Division): PlannedPart[] {
  const distinct = [...new Map(files.map((file) => [file.url, file])).values()]
  const sorted = distinct.toSorted((a, b) => (a.url < b.url ? -1 : a.url > b.url ? 1 : 0))
  const groups: RemoteFile[][] = []
  let bytes = 0
  for (const file of sorted) {
    const group = groups.at(-1)
    const size = file.sizeBytes ?? 0
    const isFull =
      !group ||
      group.length >= division.mostFiles ||
      bytes + size > (division.mostBytes ?? Number.POSITIVE_INFINITY)
    if (isFull) groups.push([file])
    else group.push(file)
    bytes = isFull ? size : bytes + size
  }
  let from = 1
  return groups.map((group) => {
    const planned = planOf(group, prefix, { from, total: sorted.length })
    from += group.length
    return planned
  })
}

function planOf(
  files: readonly RemoteFile[],
  prefix: string,
  { from, total }: { from: number; total: number },
): PlannedPart {
  const urls = files.map(addressOf)
  const digest = createHash('sha256')
    .update(urls.map(({ url }) => url).join('\n'))
    .digest('hex')
  const sizes = files.map(({ sizeBytes }) => sizeBytes)
  const known = sizes.every((size) => size !== undefined)
  const range = files.length === 1 ? `file ${from}` : `files ${from}–${from + files.length - 1}`
  const first = new URL(files[0]!.url)
  return {
    rkey: `${prefix}-${digest.slice(0, 12)}`,
    title: `${range} of ${counted(total, 'file')}, from ${first.host}${first.pathname}`.slice(0, 500),
    urls,
    ...(known && { sizeBytes: sizes.reduce((sum, size) => sum + size, 0) }),
  }
}

function addressOf({ url, sizeBytes, checksums = [] }: RemoteFile): PartUrl {
  return {
    url,
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(checksums.length > 0 && { checksums: checksums.map(checksumField) }),
  }
}

const algorithmNames = {
  md5: 'md5',
  sha1: 'sha-1',
  sha256: 'sha-256',
  sha512: 'sha-512',
  crc32: 'crc32',
} as const

function checksumField({ algorithm, hex }: Checksum) {
  return { algorithm: algorithmNames[algorithm], value: hex }
}
