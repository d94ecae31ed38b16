/** An entry of `listInfoHashes`: lowercase hexadecimal infohashes, one or both. */
export interface AllowListEntry {
  infoHashV1?: string | undefined
  infoHashV2?: string | undefined
}

/**
 * The infohashes under which an entry is announced, 20 bytes each: v1, and v2 cut to 20 bytes (BEP 52).
 * @throws TypeError if a hash is not hexadecimal of the right length, or there is none
 */
export function announcedHashes(entry: AllowListEntry): Uint8Array {
  const { infoHashV1, infoHashV2 } = entry
  if (infoHashV1 !== undefined && !/^[0-9a-f]{40}$/.test(infoHashV1)) {
    throw new TypeError('infoHashV1 must be 40 lowercase hexadecimal digits')
  }
  if (infoHashV2 !== undefined && !/^[0-9a-f]{64}$/.test(infoHashV2)) {
    throw new TypeError('infoHashV2 must be 64 lowercase hexadecimal digits')
  }
  if (infoHashV1 === undefined && infoHashV2 === undefined) {
    throw new TypeError('an entry needs infoHashV1 or infoHashV2')
  }
  return Buffer.from((infoHashV1 ?? '') + (infoHashV2 ?? '').slice(0, 40), 'hex')
}

/** Packs entries compactly: for each, the number of its infohashes, then the infohashes. */
export function packEntries(entries: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(entries.reduce((sum, hashes) => sum + 1 + hashes.length, 0))
  let at = 0
  for (const hashes of entries) {
    packed[at] = hashes.length / 20
    packed.set(hashes, at + 1)
    at += 1 + hashes.length
  }
  return packed
}

/**
 * Iterates over the entries in `packed`.
 * @throws RangeError if it ends within an entry
 */
export function* unpackEntries(packed: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < packed.length; ) {
    const end = at + 1 + packed[at]! * 20
    if (end > packed.length || end === at + 1) throw new RangeError('the list of infohashes is cut short')
    yield packed.subarray(at + 1, end)
    at = end
  }
}
