import { decodeAll, encode } from '@atproto/lex-cbor'
import type { LexMap } from '@atproto/lex-data'

/** One message of an event stream: `t` is the type (`#commit`), absent in an error frame (event stream spec, Framing). */
export interface Frame {
  t?: string
  body: LexMap
}

/** Encodes a message: two DAG-CBOR objects, header and body, one after the other. */
export function encodeFrame({ t, body }: Frame): Uint8Array {
  return Buffer.concat([encode(t === undefined ? { op: -1 } : { op: 1, t }), encode(body)])
}

/** Decodes header and body; throws an Error unless the bytes are exactly two DAG-CBOR maps. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const [header, body, ...rest] = decodeAll<LexMap>(bytes)
  if (!header || !body || rest.length > 0) throw new Error('a frame is exactly a header and a body')
  if (header.op === -1) return { body }
  if (header.op !== 1 || typeof header.t !== 'string')
    throw new Error('a frame header has op 1 and t, or op -1')
  return { t: header.t, body }
}

/** The account that a message is about; `#commit` calls it `repo`, the other types `did`. */
export function didOf({ body }: Frame): string | undefined {
  const did = body.repo ?? body.did
  return typeof did === 'string' ? did : undefined
}

export const infoFrame = (name: string, message?: string): Frame => ({
  t: '#info',
  body: { name, ...(message === undefined ? {} : { message }) },
})

export const errorFrame = (error: string, message?: string): Frame => ({
  body: { error, ...(message === undefined ? {} : { message }) },
})
