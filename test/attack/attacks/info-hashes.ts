import { createHash } from 'node:crypto'

/**
 * The infohashes of a `.torrent` that contains nothing but `info`, computed without parsing it, because it is made to
 * be hard to parse.
 */
export function infoHashesOf(bytes: Uint8Array): { infoHashV1: string; infoHashV2: string } {
  const info = bytes.subarray('d4:info'.length, -1)
  return {
    infoHashV1: createHash('sha1').update(info).digest('hex'),
    infoHashV2: createHash('sha256').update(info).digest('hex'),
  }
}
