/** The status and headers of an answer (RFC 9112); names are in lower case. */
export interface Head {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly framing: BodyFraming
  readonly keepsConnection: boolean
}

/** How the end of a body is recognized. */
export type BodyFraming =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked'; readonly decoder: ChunkDecoder }
  | { readonly kind: 'close' }

/** The largest head that is accepted. */
export const maxHeadBytes = 64 * 1024

/** Parses the head of an answer, without the empty line that ends it. Throws an Error if it is not HTTP. */
export function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const [, minor, code] = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/.exec(statusLine) ?? []
  if (code === undefined) throw new Error('the server does not speak HTTP/1.1')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (name === undefined) throw new Error('the server sent a header that is not valid')
    const key = name.toLowerCase()
    const before = headers.get(key)
    headers.set(key, before === undefined ? value! : `${before}, ${value}`)
  }
  const status = Number(code)
  const connection = (headers.get('connection') ?? '').toLowerCase()
  const framing = framingOf(status, headers)
  return {
    status,
    headers,
    framing,
    keepsConnection:
      framing.kind !== 'close' &&
      !/\bclose\b/.test(connection) &&
      (minor === '1' || /\bkeep-alive\b/.test(connection)),
  }
}

function framingOf(status: number, headers: ReadonlyMap<string, string>): BodyFraming {
  if (status < 200 || status === 204 || status === 304) return { kind: 'length', bytes: 0 }
  const encoding = headers.get('transfer-encoding')
  const length = headers.get('content-length')
  if (encoding !== undefined) {
    if (length !== undefined || encoding.toLowerCase() !== 'chunked')
      throw new Error(`the server sent an answer whose end is not clear (${encoding.slice(0, 40)})`)
    return { kind: 'chunked', decoder: new ChunkDecoder() }
  }
  if (length === undefined) return { kind: 'close' }
  if (!/^\d{1,15}$/.test(length)) throw new Error(`the server sent Content-Length ${length.slice(0, 40)}`)
  return { kind: 'length', bytes: Number(length) }
}

/** Takes the chunked coding off a body (RFC 9112, section 7.1). */
export class ChunkDecoder {
  #state: 'size' | 'data' | 'dataEnd' | 'trailer' | 'complete' = 'size'
  #line = ''
  #left = 0

  get isComplete(): boolean {
    return this.#state === 'complete'
  }

  /** Yields the content in these bytes, as views. Throws an Error if they are not chunked. */
  *decode(bytes: Buffer): Generator<Buffer> {
    for (let at = 0; at < bytes.length && this.#state !== 'complete'; ) {
      if (this.#state === 'data') {
        const end = Math.min(at + this.#left, bytes.length)
        yield bytes.subarray(at, end)
        this.#left -= end - at
        at = end
        if (this.#left === 0) this.#state = 'dataEnd'
        continue
      }
      const newline = bytes.indexOf(0x0a, at)
      const end = newline < 0 ? bytes.length : newline
      this.#line += bytes.toString('latin1', at, end)
      if (this.#line.length > 4096) throw new Error('the server sent a chunk header that is too long')
      at = end + 1
      if (newline >= 0) this.#endLine()
    }
  }

  #endLine(): void {
    const line = this.#line.replace(/\r$/, '')
    this.#line = ''
    if (this.#state === 'dataEnd') {
      if (line !== '') throw new Error('the server sent a chunk that is longer than it said')
      this.#state = 'size'
    } else if (this.#state === 'size') {
      const [, size] = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line) ?? []
      if (size === undefined) throw new Error('the server sent a chunk without a size')
      this.#left = Number.parseInt(size, 16)
      this.#state = this.#left > 0 ? 'data' : 'trailer'
    } else if (line === '') this.#state = 'complete'
  }
}
