import { type Encodable, encode } from '../bencode-tree.ts'

const blockBytes = 64 * 1024

/**
 * Collects bencode in blocks of 64 KiB: with a million files, a buffer for each field would cost more time and memory
 * than its content. `take` returns the full blocks, which are not changed afterwards.
 */
export class BlockWriter {
  #block = Buffer.allocUnsafeSlow(blockBytes)
  #at = 0
  #full: Uint8Array[] = []

  /** Adds bencode that is text, as UTF-8. */
  text(bencode: string): void {
    const most = bencode.length * 3
    if (most > blockBytes) this.bytes(Buffer.from(bencode))
    else {
      if (this.#at + most > blockBytes) this.#close()
      this.#at += this.#block.write(bencode, this.#at)
    }
  }

  bytes(bencode: Uint8Array): void {
    if (this.#at + bencode.length > blockBytes) this.#close()
    if (bencode.length > blockBytes) this.#full.push(bencode)
    else {
      this.#block.set(bencode, this.#at)
      this.#at += bencode.length
    }
  }

  value(value: Encodable): void {
    this.bytes(encode(value))
  }

  get hasFull(): boolean {
    return this.#full.length > 0
  }

  /** Returns the blocks that are full. */
  take(): Uint8Array[] {
    const full = this.#full
    this.#full = []
    return full
  }

  /** Returns the remaining blocks, the last of which may not be full. */
  end(): Uint8Array[] {
    this.#close()
    return this.take()
  }

  #close(): void {
    if (this.#at === 0) return
    this.#full.push(this.#block.subarray(0, this.#at))
    this.#block = Buffer.allocUnsafeSlow(blockBytes)
    this.#at = 0
  }
}

/** The bencoded form of a string. */
export function stringOf(text: string): string {
  return `${Buffer.byteLength(text)}:${text}`
}
