import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { closerOf, listening } from '../network/closing.ts'

export type FileServer = AsyncDisposable & {
  /** The URL, which ends in a slash. */
  readonly url: string
  /** The paths that were requested. */
  readonly requests: readonly string[]
}

/** Serves a directory with range requests, like any web server. */
export async function startFileServer(directory: string): Promise<FileServer> {
  const requests: string[] = []
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url!, 'http://x').pathname))
    requests.push(path)
    const found = await stat(join(directory, path)).catch(() => undefined)
    if (!found?.isFile()) return response.writeHead(404).end()
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    const start = Number(from ?? 0)
    const end = to ? Math.min(Number(to), found.size - 1) : found.size - 1
    response.writeHead(from === undefined ? 200 : 206, {
      'accept-ranges': 'bytes',
      'content-length': end - start + 1,
      ...(from !== undefined && { 'content-range': `bytes ${start}-${end}/${found.size}` }),
    })
    return createReadStream(join(directory, path), { start, end }).pipe(response)
  })
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  await listening(server)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    [Symbol.asyncDispose]: close,
  }
}
