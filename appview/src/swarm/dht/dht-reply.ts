/**
 * Answers of strangers' nodes (BEP 5). Only what is understood goes on, written anew: the parser behind this one throws
 * on values of other types, and takes the last of repeated keys where ours takes the first.
 */
import { BencodeError } from '@holdfast/torrent/bencode'
import { type Decoded, decode, type Encodable } from '@holdfast/torrent/bencode-tree'
import { filterBytes } from './scrape-filter.ts'

export interface DhtReply {
  /** What the question was marked with, in hex. */
  transaction: string
  /** The message without its transaction. */
  message: Record<string, Encodable>
}

/** Two filters, a bucket of nodes and what peers fit into a datagram that is not cut up. */
const maxBytes = 4_096
const limits = { maxDepth: 4, maxValues: 600 }
/** A node as it is named: its id, an IPv4 address and a port. */
const nodeBytes = 26
/** Nodes answer with eight; some with a bucket of theirs. */
const maxNodes = 32

/** An answer or an error; undefined for anything else. */
export function readReply(datagram: Uint8Array): DhtReply | undefined {
  const message = datagram.length > maxBytes ? undefined : tryDecode(datagram)
  const transaction = field(message, 't')
  if (!(transaction instanceof Uint8Array) || transaction.length > 8) return undefined
  const reply = { transaction: Buffer.from(transaction).toString('hex') }
  const kind = field(message, 'y')
  if (isText(kind, 'e')) return { ...reply, message: { y: 'e', e: [201, 'refused'] } }
  const r = field(message, 'r')
  const id = bytesOf(field(r, 'id'), 20)
  if (!isText(kind, 'r') || !id) return undefined
  const peers = field(r, 'values')
  return {
    ...reply,
    message: {
      y: 'r',
      r: {
        id,
        ...optional('nodes', nodesOf(field(r, 'nodes'))),
        ...optional('BFsd', bytesOf(field(r, 'BFsd'), filterBytes)),
        ...optional('BFpe', bytesOf(field(r, 'BFpe'), filterBytes)),
        // Who they are is not asked: how many were named will do.
        ...(Array.isArray(peers) && peers.length > 0 && { values: peers.length }),
      },
    },
  }
}

function tryDecode(datagram: Uint8Array): Decoded | undefined {
  try {
    return decode(datagram, limits)
  } catch (error) {
    if (error instanceof BencodeError) return undefined
    throw error
  }
}

function field(value: Decoded | undefined, name: string): Decoded | undefined {
  return value instanceof Map ? value.get(name) : undefined
}

function isText(value: Decoded | undefined, text: string): boolean {
  return value instanceof Uint8Array && Buffer.from(value).toString('latin1') === text
}

function bytesOf(value: Decoded | undefined, length: number): Uint8Array | undefined {
  return value instanceof Uint8Array && value.length === length ? value : undefined
}

function nodesOf(value: Decoded | undefined): Uint8Array | undefined {
  if (!(value instanceof Uint8Array) || value.length % nodeBytes !== 0) return undefined
  return value.subarray(0, maxNodes * nodeBytes)
}

function optional(name: string, value: Uint8Array | undefined): Record<string, Uint8Array> {
  return value ? { [name]: value } : {}
}
