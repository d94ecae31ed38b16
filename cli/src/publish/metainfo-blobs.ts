import { createHash } from 'node:crypto'
import { CommandError } from '../command-error.ts'
import { formatBytes } from '../output/quantities.ts'
import { warn } from '../output/terminal.ts'
import type { BlobJson, RecordJson, Repo } from '../records/repo.ts'
import { ensureBlob } from './blobs.ts'

const mimeType = 'application/x-bittorrent'

/** The largest blob and the largest number of parts that the torrent lexicon allows. */
const maxBlobBytes = 100_000_000
const maxParts = 1_000
const minPartBytes = 64 * 1024

export interface MetainfoSource {
  readonly bytes: Uint8Array
  /** The existing record, whose blobs are reused. */
  readonly existing: RecordJson | undefined
  /** Addresses where the file will be served, used if the PDS accepts no blob. */
  readonly urls: readonly string[]
}

/**
 * The fields of a torrent record that hold its `.torrent`: one blob; if the PDS refuses that as too large, several
 * (`metainfoParts`); if it refuses these too, addresses (`metainfoUrls`). Warns of anything but the first.
 */
export async function storeMetainfo(repo: Repo, source: MetainfoSource): Promise<RecordJson> {
  const { bytes, existing } = source
  const urls =
    source.urls.length > 0
      ? { metainfoUrls: source.urls.map((url) => ({ url, sha256: sha256(bytes), sizeBytes: bytes.length })) }
      : {}
  const known = [
    existing?.metainfo as BlobJson | undefined,
    ...((existing?.metainfoParts ?? []) as { blob: BlobJson }[]).map(({ blob }) => blob),
  ]
  if (bytes.length <= maxBlobBytes) {
    const metainfo = await unlessTooLarge(ensureBlob(repo, bytes, { mimeType, known }))
    if (metainfo) return { metainfo, ...urls }
  }
  const parts = await storeParts(repo, bytes, known)
  if (parts) {
    warn(
      `The .torrent (${formatBytes(bytes.length)}) is larger than the PDS accepts as one blob; it is stored in ${parts.length} parts.`,
    )
    return { metainfoParts: parts, ...urls }
  }
  if (source.urls.length === 0) {
    throw new CommandError(
      'usage',
      `The PDS accepts neither the .torrent (${formatBytes(bytes.length)}) nor parts of it. Serve the file somewhere and give its address with --metainfo-url.`,
    )
  }
  warn(
    `The PDS does not accept the .torrent (${formatBytes(bytes.length)}); the record refers to ${source.urls.join(', ')}.`,
  )
  return urls
}

async function storeParts(
  repo: Repo,
  bytes: Uint8Array,
  known: readonly (BlobJson | undefined)[],
): Promise<{ blob: BlobJson }[] | undefined> {
  for (let partBytes = firstPartBytes(bytes.length, known); partBytes >= minPartBytes; partBytes /= 2) {
    const count = Math.ceil(bytes.length / partBytes)
    if (count > maxParts) return undefined
    const parts: { blob: BlobJson }[] = []
    for (let index = 0; index < count; index++) {
      const part = bytes.subarray(index * partBytes, (index + 1) * partBytes)
      const blob = await unlessTooLarge(ensureBlob(repo, part, { mimeType, known }))
      if (!blob) break
      parts.push({ blob })
    }
    if (parts.length === count) return parts
  }
  return undefined
}

/** The size of part that worked last time, so that the same file is cut into the same parts; by default half the file. */
function firstPartBytes(total: number, known: readonly (BlobJson | undefined)[]): number {
  const sizes = known.map((blob) => blob?.size ?? 0)
  const before = sizes.length > 2 ? Math.max(...sizes) : 0
  if (before >= minPartBytes) return before
  return 2 ** Math.floor(Math.log2(Math.max(Math.min(total - 1, maxBlobBytes), minPartBytes)))
}

async function unlessTooLarge(upload: Promise<BlobJson>): Promise<BlobJson | undefined> {
  try {
    return await upload
  } catch (error) {
    const { status, error: name } = ((error as Error).cause ?? {}) as { status?: number; error?: string }
    if (status === 413 || name === 'PayloadTooLarge' || name === 'BlobTooLarge') return undefined
    throw error
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
