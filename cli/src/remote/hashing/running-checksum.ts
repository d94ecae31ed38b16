import { createHash } from 'node:crypto'
import { endianness } from 'node:os'
import { crc32 } from 'node:zlib'
import type { Checksum } from '../remote-file.ts'
import { Md5 } from './md5.ts'

/** A checksum of a file that is read in order. */
export interface RunningChecksum {
  update(chunk: Buffer): void
  hex(): string
  /** What `startChecksum` goes on from, as hex. */
  state(): string
}

type Algorithm = Checksum['algorithm']

/** Whether the state of an algorithm can be stored. */
export function isResumable(algorithm: Algorithm): boolean {
  return algorithm === 'crc32' || (algorithm === 'md5' && endianness() === 'LE')
}

/** Begins a checksum, or goes on with one that was in a state after `bytes` bytes. */
export function startChecksum(
  algorithm: Algorithm,
  from?: { readonly state: string; readonly bytes: number },
): RunningChecksum {
  if (algorithm === 'crc32') return startCrc32(from?.state)
  if (isResumable(algorithm)) {
    const md5 = new Md5(from && { words: Buffer.from(from.state, 'hex'), bytes: from.bytes })
    return {
      update: (chunk) => md5.update(chunk),
      hex: () => md5.hex(),
      state: () => md5.state().toString('hex'),
    }
  }
  const hash = createHash(algorithm)
  return { update: (chunk) => void hash.update(chunk), hex: () => hash.digest('hex'), state: () => '' }
}

function startCrc32(state: string | undefined): RunningChecksum {
  let value = state === undefined ? 0 : Number.parseInt(state, 16)
  const hex = () => value.toString(16).padStart(8, '0')
  return {
    update(chunk) {
      value = crc32(chunk, value)
    },
    hex,
    state: hex,
  }
}

/** The states of several checksums after the same bytes, as they are stored with a piece. */
export function writeStates(
  states: readonly { readonly algorithm: Algorithm; readonly state: string }[],
): Buffer {
  return Buffer.from(states.map(({ algorithm, state }) => `${algorithm}=${state}`).join(' '))
}

/** The stored states of these checksums; undefined if one of them is not there. */
export function readStates(
  stored: Uint8Array | undefined,
  checksums: readonly Checksum[],
): string[] | undefined {
  if (stored === undefined) return undefined
  const states = new Map(
    Buffer.from(stored)
      .toString('latin1')
      .split(' ')
      .map((each) => each.split('=') as [string, string]),
  )
  const found = checksums.map(({ algorithm }) => (isResumable(algorithm) ? states.get(algorithm) : undefined))
  return found.includes(undefined) ? undefined : (found as string[])
}
