/**
 * Parses answers of DHT nodes (BEP 5). Only fields that are understood are passed on, encoded again: the parser of k-rpc
 * throws on values of other types, and takes the last of repeated keys where ours takes the first.
 */
import { BencodeError } from '@holdfast/torrent/bencode'
import { type Decoded, decode, type Encodable } from '@holdfast/torrent/bencode-tree'
import { filterBytes } from './scrape-filter.ts'

export interface DhtReply {
  /** The transaction id of the query, in hex. */
  transaction: string
  /** The message without its transaction id. */
  message: Record<string, Encodable>
}

/** The largest answer: two filters, a bucket of nodes, and the peers that fit into an unfragmented datagram. */
const maxBytes = 4_096
const limits = { maxDepth: 4, maxValues: 600 }
/** The size of a node's contact information: its id, an IPv4 address and a port. */
const nodeBytes = 26
/** The most nodes read from an answer. Nodes usually send eight; some send a larger bucket. */
const maxNodes = 32

/** Parses an answer or an error; undefined for anything else. */
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
        // Pass on only the number of peers, not their addresses.
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
