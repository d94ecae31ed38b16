/** How many bytes of a `.torrent` are in one row, and in one statement. */
export const metainfoSliceBytes = 480_000

/** Cuts a file into the slices in which it is stored, without copying it. */
export function slicesOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / metainfoSliceBytes) }, (_, n) =>
    bytes.subarray(n * metainfoSliceBytes, (n + 1) * metainfoSliceBytes),
  )
}
