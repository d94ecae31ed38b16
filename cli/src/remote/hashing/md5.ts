/**
 * MD5 (RFC 1321) whose state can be stored, which that of OpenSSL cannot: a file with a checksum can be read on where a killed
 * run was. It is about half as fast. For little-endian machines.
 */
export class Md5 {
  readonly #words: Int32Array
  #bytes: number

  /** Goes on from a state after this many bytes, a multiple of 64. */
  constructor(state?: { readonly words: Uint8Array; readonly bytes: number }) {
    this.#words = Int32Array.from(initialWords)
    this.#bytes = state?.bytes ?? 0
    if (state) new Uint8Array(this.#words.buffer).set(state.words.subarray(0, 16))
  }

  /** Adds bytes at an address that is a multiple of 4. Only the last call may add a number that is no multiple of 64. */
  update(chunk: Uint8Array): void {
    if (this.#bytes % blockBytes !== 0) throw new RangeError('MD5 was given bytes after its last block')
    const whole = chunk.length - (chunk.length % blockBytes)
    if (whole > 0) addBlocks(this.#words, new Int32Array(chunk.buffer, chunk.byteOffset, whole / 4))
    this.#bytes += chunk.length
    if (whole === chunk.length) return
    this.#tail = Buffer.from(chunk.subarray(whole))
  }

  #tail = Buffer.alloc(0)

  /** The state after the whole blocks so far. */
  state(): Buffer {
    return Buffer.from(this.#words.buffer.slice(0, 16))
  }

  hex(): string {
    const padded = Buffer.alloc(this.#tail.length < 56 ? blockBytes : 2 * blockBytes)
    this.#tail.copy(padded)
    padded[this.#tail.length] = 0x80
    padded.writeBigUInt64LE(BigInt(this.#bytes) * 8n, padded.length - 8)
    const words = Int32Array.from(this.#words)
    addBlocks(words, new Int32Array(new Uint8Array(padded).buffer))
    return Buffer.from(words.buffer).toString('hex')
  }
}

const blockBytes = 64
const initialWords = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476]
const sines = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0)

/** The four rounds, four steps at a time. */
function addBlocks(state: Int32Array, words: Int32Array): void {
  let [a0, b0, c0, d0] = state as unknown as [number, number, number, number]
  for (let w = 0; w < words.length; w += 16) {
    let [a, b, c, d] = [a0, b0, c0, d0]
    for (let i = 0; i < 16; i += 4) {
      a = turn(a + (d ^ (b & (c ^ d))) + words[w + i]! + sines[i]!, 7) + b
      d = turn(d + (c ^ (a & (b ^ c))) + words[w + i + 1]! + sines[i + 1]!, 12) + a
      c = turn(c + (b ^ (d & (a ^ b))) + words[w + i + 2]! + sines[i + 2]!, 17) + d
      b = turn(b + (a ^ (c & (d ^ a))) + words[w + i + 3]! + sines[i + 3]!, 22) + c
    }
    for (let i = 16; i < 32; i += 4) {
      a = turn(a + (c ^ (d & (b ^ c))) + words[w + ((5 * i + 1) & 15)]! + sines[i]!, 5) + b
      d = turn(d + (b ^ (c & (a ^ b))) + words[w + ((5 * i + 6) & 15)]! + sines[i + 1]!, 9) + a
      c = turn(c + (a ^ (b & (d ^ a))) + words[w + ((5 * i + 11) & 15)]! + sines[i + 2]!, 14) + d
      b = turn(b + (d ^ (a & (c ^ d))) + words[w + ((5 * i + 16) & 15)]! + sines[i + 3]!, 20) + c
    }
    for (let i = 32; i < 48; i += 4) {
      a = turn(a + (b ^ c ^ d) + words[w + ((3 * i + 5) & 15)]! + sines[i]!, 4) + b
      d = turn(d + (a ^ b ^ c) + words[w + ((3 * i + 8) & 15)]! + sines[i + 1]!, 11) + a
      c = turn(c + (d ^ a ^ b) + words[w + ((3 * i + 11) & 15)]! + sines[i + 2]!, 16) + d
      b = turn(b + (c ^ d ^ a) + words[w + ((3 * i + 14) & 15)]! + sines[i + 3]!, 23) + c
    }
    for (let i = 48; i < 64; i += 4) {
      a = turn(a + (c ^ (b | ~d)) + words[w + ((7 * i) & 15)]! + sines[i]!, 6) + b
      d = turn(d + (b ^ (a | ~c)) + words[w + ((7 * i + 7) & 15)]! + sines[i + 1]!, 10) + a
      c = turn(c + (a ^ (d | ~b)) + words[w + ((7 * i + 14) & 15)]! + sines[i + 2]!, 15) + d
      b = turn(b + (d ^ (c | ~a)) + words[w + ((7 * i + 21) & 15)]! + sines[i + 3]!, 21) + c
    }
    a0 = (a0 + a) | 0
    b0 = (b0 + b) | 0
    c0 = (c0 + c) | 0
    d0 = (d0 + d) | 0
  }
  state.set([a0, b0, c0, d0])
}

/** Turns the bits of a 32-bit number to the left. The sum that it is added to is made a 32-bit number by the next step. */
function turn(sum: number, bits: number): number {
  const word = sum | 0
  return (word << bits) | (word >>> (32 - bits))
}
