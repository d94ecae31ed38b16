import { cidForRawBytes } from '@atproto/lex'
import type { BlobJson, Repo } from '../records/repo.ts'

/**
 * The blob of these bytes: the one that an existing record already refers to, or uploaded now. Content-addressed, so
 * that publishing the same again uploads nothing.
 */
export async function ensureBlob(
  repo: Repo,
  bytes: Uint8Array,
  options: { mimeType: string; known: readonly (BlobJson | undefined)[] },
): Promise<BlobJson> {
  const cid = (await cidForRawBytes(bytes)).toString()
  const kept = options.known.find((blob) => blob?.ref.$link === cid && blob.mimeType === options.mimeType)
  return kept ?? repo.uploadBlob(bytes, options.mimeType)
}
