import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { createGzip } from 'node:zlib'

/** The ways in which a hostile server answers a request. */
export type Behavior =
  /** Answers with these bytes, whatever was requested, once `after` has resolved. */
  | {
      kind: 'serve'
      body: Uint8Array | string
      contentType?: string
      status?: number
      after?: Promise<void>
    }
  /** Accepts the request and never answers. */
  | { kind: 'hang' }
  /** Sends the head and the first bytes of the body, and then nothing more. */
  | { kind: 'stall'; body: Uint8Array; afterBytes: number }
  /** Sends the body a little at a time. */
  | { kind: 'drip'; body: Uint8Array; chunkBytes: number; everyMs: number }
  /** Sends zeros without stating their number; `Infinity` never ends. */
  | { kind: 'flood'; sizeBytes: number }
  /** Sends a few bytes that decompress to this many. */
  | { kind: 'gzip-bomb'; sizeBytes: number }
  /** Announces one length, sends a shorter body, and then disconnects. */
  | { kind: 'cut'; body: Uint8Array; claimedBytes: number }
  /** Redirects the client, for example to a private address. */
  | { kind: 'redirect'; to: string; status?: number }

/** Answers one request according to `behavior`; resolves when the answer is complete or the client has disconnected. */
export async function misbehave(behavior: Behavior, response: ServerResponse): Promise<void> {
  const contentType = 'application/octet-stream'
  switch (behavior.kind) {
    case 'serve':
      await behavior.after
      response.writeHead(behavior.status ?? 200, { 'content-type': behavior.contentType ?? contentType })
      response.end(behavior.body)
      return
    case 'hang':
      return
    case 'stall':
      response.writeHead(200, { 'content-type': contentType, 'content-length': behavior.body.length })
      response.write(behavior.body.subarray(0, behavior.afterBytes))
      return
    case 'drip':
      response.writeHead(200, { 'content-type': contentType, 'content-length': behavior.body.length })
      return send(Readable.from(drops(behavior)), response)
    case 'flood':
      response.writeHead(200, { 'content-type': contentType })
      return send(Readable.from(zeros(behavior.sizeBytes)), response)
    case 'gzip-bomb':
      response.writeHead(200, { 'content-type': contentType, 'content-encoding': 'gzip' })
      return send(Readable.from(zeros(behavior.sizeBytes)).pipe(createGzip()), response)
    case 'cut':
      response.writeHead(200, { 'content-type': contentType, 'content-length': behavior.claimedBytes })
      response.write(behavior.body, () => response.destroy())
      return
    case 'redirect':
      response.writeHead(behavior.status ?? 302, { location: behavior.to }).end()
  }
}

/** Most of these end when the client disconnects, which is expected. */
const send = (source: Readable, response: ServerResponse) => pipeline(source, response).catch(() => {})

async function* drops({ body, chunkBytes, everyMs }: Extract<Behavior, { kind: 'drip' }>) {
  for (let at = 0; at < body.length; at += chunkBytes) {
    yield body.subarray(at, at + chunkBytes)
    await pause(everyMs)
  }
}

function* zeros(sizeBytes: number) {
  const chunk = new Uint8Array(64 * 1024)
  for (let left = sizeBytes; left > 0; left -= chunk.length)
    yield left < chunk.length ? chunk.subarray(0, left) : chunk
}
