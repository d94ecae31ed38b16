/** The types of pictures in profiles, recognized by their first bytes, since a server's Content-Type cannot be trusted. */
export type PictureType = 'image/png' | 'image/jpeg' | 'image/webp'

/** Reads the type, width and height in pixels; undefined for anything but a PNG, JPEG or WebP with a valid header. */
export function pictureType(
  bytes: Uint8Array,
): { type: PictureType; width: number; height: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 30) return undefined
  if (view.getUint32(0) === 0x89504e47 && view.getUint32(4) === 0x0d0a1a0a)
    return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) }
  if (view.getUint32(0) === 0x52494646 && view.getUint32(8) === 0x57454250) return webp(view)
  return view.getUint16(0) === 0xffd8 ? jpeg(view) : undefined
}

/** Reads the size of a WebP (RFC 9649), which lossy, lossless and extended files store in three ways. */
function webp(view: DataView) {
  const type = 'image/webp' as const
  const chunk = view.getUint32(12)
  if (chunk === 0x56503820)
    return { type, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
  if (chunk === 0x5650384c) {
    const bits = view.getUint32(21, true)
    return { type, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  if (chunk !== 0x56503858) return undefined
  const side = (at: number) => (view.getUint8(at) | (view.getUint16(at + 1, true) << 8)) + 1
  return { type, width: side(24), height: side(27) }
}

/** Reads the size of a JPEG (ITU T.81, B.2) by going through its segments to the one that begins a frame. */
function jpeg(view: DataView) {
  for (let at = 2; at + 9 < view.byteLength; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at)
    if (marker < 0xffc0 || marker === 0xffff) return undefined
    const isFrame = marker <= 0xffcf && marker !== 0xffc4 && marker !== 0xffc8 && marker !== 0xffcc
    if (isFrame)
      return { type: 'image/jpeg' as const, width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
  }
  return undefined
}
