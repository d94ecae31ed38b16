/** The part of `node:crypto` that `@holdfast/torrent` uses, in JavaScript, since browsers only have asynchronous digests. */
import { sha1 } from '@noble/hashes/legacy'
import { sha256 } from '@noble/hashes/sha2'
import { Buffer } from 'buffer/'

type Algorithm = 'sha1' | 'sha256'

const functions = { sha1, sha256 }

type Encoding = 'hex' | 'latin1' | 'base64'

export function hash(algorithm: Algorithm, data: Uint8Array, encoding?: Encoding): string
export function hash(algorithm: Algorithm, data: Uint8Array, encoding: 'buffer'): Buffer
export function hash(
  algorithm: Algorithm,
  data: Uint8Array,
  encoding: Encoding | 'buffer' = 'hex',
): string | Buffer {
  const digest = Buffer.from(functions[algorithm](data))
  return encoding === 'buffer' ? digest : digest.toString(encoding)
}

export function createHash(algorithm: Algorithm) {
  const state = functions[algorithm].create()
  return {
    update(data: Uint8Array) {
      state.update(data)
      return this
    },
    digest(encoding?: 'hex'): Buffer | string {
      const digest = Buffer.from(state.digest())
      return encoding ? digest.toString(encoding) : digest
    },
  }
}
