/** What came of asking an author's server for a blob: its bytes, proven against its CID, or why there are none. */
export type ReadBlob = (
  did: string,
  blob: BlobName,
) => Promise<
  { bytes: Uint8Array; url: string } | { failure: 'too-large' | 'unavailable'; url: string | undefined }
>

export interface BlobName {
  cid: string
  sizeBytes: number
}

/** Reads a reference to a blob in JSON. In the old form, the CID is in another field and there is no size. */
export function blobOf(value: unknown): BlobName | undefined {
  const blob = value as
    | { ref?: { $link?: string } | { toString(): string }; cid?: string; size?: number }
    | undefined
  if (!blob) return undefined
  const { ref } = blob
  const cid = blob.cid ?? (ref && '$link' in ref ? ref.$link : ref?.toString())
  return cid === undefined ? undefined : { cid, sizeBytes: blob.size ?? 0 }
}
