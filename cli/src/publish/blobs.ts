import { cidForRawBytes } from '@atproto/lex-data'
import type { BlobJson, Repo } from '../records/repo.ts'

/**
 * The blob with these bytes: the one that an existing record already refers to, or one that is uploaded now. Blobs are
 * content-addressed, so publishing the same bytes again uploads nothing.
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
