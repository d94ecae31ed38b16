import { createHash } from 'node:crypto'
import { Failure } from '../failure.ts'
import { formatBytes } from '../output/quantities.ts'
import { warn } from '../output/terminal.ts'
import type { BlobJson, RecordJson, Repo } from '../records/repo.ts'
import { ensureBlob } from './blobs.ts'

const mimeType = 'application/x-bittorrent'

/** Largest blob and most parts that the torrent lexicon allows. */
const maxBlobBytes = 100_000_000
const maxParts = 1_000
const minPartBytes = 64 * 1024

export interface MetainfoSource {
  readonly bytes: Uint8Array
  /** The record that is there, whose blobs are used again. */
  readonly existing: RecordJson | undefined
  /** Addresses where the file will be served, the last resort. */
  readonly urls: readonly string[]
}

/**
 * The fields of a torrent record that hold its `.torrent`: one blob; if the PDS finds that too large, several
 * (`metainfoParts`); if it takes none of these, addresses (`metainfoUrls`). Warns of anything but the first.
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
      `The .torrent (${formatBytes(bytes.length)}) is more than the PDS takes as one blob; it is stored in ${parts.length} parts.`,
    )
    return { metainfoParts: parts, ...urls }
  }
  if (source.urls.length === 0) {
    throw new Failure(
      'usage',
      `The PDS does not take the .torrent (${formatBytes(bytes.length)}), nor parts of it. Serve the file somewhere and give its address with --metainfo-url.`,
    )
  }
  warn(
    `The PDS does not take the .torrent (${formatBytes(bytes.length)}); the record names ${source.urls.join(', ')}.`,
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

/** The size that worked the last time, so that the same file is cut into the same parts; else half the file. */
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
