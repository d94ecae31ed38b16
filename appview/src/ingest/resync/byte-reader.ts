import { VerifyError } from '../verify/verify-error.ts'

/** Reads length-prefixed sections from a stream of chunks. */
export interface ByteReader {
  /** Reads the next section, which has an unsigned LEB128 length before it; undefined at the end. Throws VerifyError. */
  readPrefixed(maxBytes: number): Promise<Buffer | undefined>
}

/** Makes a reader for chunks of any size; it keeps no more than one section and one chunk in memory. */
export function createByteReader(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]()
  let buffer: Buffer = Buffer.alloc(0)
  let ended = false

  const more = async (): Promise<boolean> => {
    if (ended) return false
    const { value, done } = await iterator.next()
    if (done) {
      ended = true
      return false
    }
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk])
    return true
  }
  const hold = async (length: number): Promise<void> => {
    if (buffer.length >= length || ended) return
    const parts = [buffer]
    let total = buffer.length
    while (total < length) {
      const { value, done } = await iterator.next()
      if (done) {
        ended = true
        break
      }
      parts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
      total += value.byteLength
    }
    buffer = Buffer.concat(parts)
  }
  return {
    async readPrefixed(maxBytes) {
      let length = 0
      for (let i = 0; ; i++) {
        if (buffer.length <= i && !(await more())) {
          if (i === 0) return undefined
          throw cutOff()
        }
        const byte = buffer[i]!
        length += (byte & 0x7f) * 2 ** (7 * i)
        if (byte < 0x80) {
          buffer = buffer.subarray(i + 1)
          break
        }
        if (i >= 3) throw new VerifyError('malformed-car', 'not a usable CAR: a length is too large')
      }
      if (length > maxBytes)
        throw new VerifyError('too-large', `a block of ${length} bytes is over ${maxBytes}`)
      await hold(length)
      if (buffer.length < length) throw cutOff()
      const stretch = buffer.subarray(0, length)
      buffer = buffer.subarray(length)
      return stretch
    },
  }
}

function cutOff(): VerifyError {
  return new VerifyError('malformed-car', 'not a usable CAR: it is cut off')
}
