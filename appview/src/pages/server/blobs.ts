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

/** A blob as JSON names it; one of the form before sizes were kept has its CID elsewhere, and no size. */
export function blobOf(value: unknown): BlobName | undefined {
  const blob = value as
    | { ref?: { $link?: string } | { toString(): string }; cid?: string; size?: number }
    | undefined
  if (!blob) return undefined
  const { ref } = blob
  const cid = blob.cid ?? (ref && '$link' in ref ? ref.$link : ref?.toString())
  return cid === undefined ? undefined : { cid, sizeBytes: blob.size ?? 0 }
}
