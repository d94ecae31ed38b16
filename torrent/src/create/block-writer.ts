import { type Encodable, encode } from '../bencode-tree.ts'

const blockBytes = 64 * 1024

/**
 * Gathers bencode in blocks of 64 KiB: of a million files, a buffer for each of their fields costs more time and memory
 * than what it holds. Full blocks wait in `take` and are never touched again.
 */
export class BlockWriter {
  #block = Buffer.allocUnsafeSlow(blockBytes)
  #at = 0
  #full: Uint8Array[] = []

  /** Bencode that is text, as UTF-8. */
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

  /** What is full by now. */
  take(): Uint8Array[] {
    const full = this.#full
    this.#full = []
    return full
  }

  /** The rest, full or not. */
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

/** A bencoded string. */
export function stringOf(text: string): string {
  return `${Buffer.byteLength(text)}:${text}`
}
