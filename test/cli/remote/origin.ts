import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { closerOf, listening } from '../../network/closing.ts'

/** What a path of the server answers. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

export type Origin = AsyncDisposable & {
  /** The address, which ends in a slash. */
  readonly url: string
  readonly requests: readonly { readonly method: string; readonly path: string }[]
}

/** A server whose every answer is decided by the test. */
export async function startOrigin(answer: Answer): Promise<Origin> {
  const requests: { method: string; path: string }[] = []
  const server = createServer((request, response) => {
    requests.push({ method: request.method!, path: request.url! })
    answer(request, response)
  })
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  const port = await listening(server)
  return { url: `http://127.0.0.1:${port}/`, requests, [Symbol.asyncDispose]: close }
}

export interface Content {
  readonly bytes: Buffer
  readonly etag: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Serves a file as web servers do: HEAD, ranges, If-Range. */
export function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, etag, headers }: Content,
): void {
  const common = { etag, 'accept-ranges': 'bytes', ...headers }
  const holds = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
  const [, from, to] = (holds && /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')) || []
  const start = Number(from ?? 0)
  const end = to ? Math.min(Number(to) + 1, bytes.length) : bytes.length
  response.writeHead(from === undefined ? 200 : 206, {
    ...common,
    'content-length': end - start,
    ...(from !== undefined && { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }),
  })
  response.end(request.method === 'HEAD' ? undefined : bytes.subarray(start, end))
}

/** A directory listing in the style of Apache. */
export function listing(response: ServerResponse, links: readonly string[]): void {
  const rows = links.map((link) => `<tr><td><a href="${link}">${link}</a></td></tr>`)
  response.writeHead(200, { 'content-type': 'text/html;charset=UTF-8' })
  response.end(
    `<html><body><table><tr><th><a href="?C=N;O=D">Name</a></th></tr><tr><td><a href="/">Parent Directory</a></td></tr>${rows.join('')}</table></body></html>`,
  )
}
