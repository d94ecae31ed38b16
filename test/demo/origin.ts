import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'

/** A plain web server with range requests (RFC 9110 §14) over a directory: the mirror that a volunteer offers as a webseed. */
export async function startOrigin(directory: string): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://origin').pathname))
    serve({ file: join(directory, path), range: request.headers.range }, response).catch(() =>
      response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function serve(
  { file, range }: { file: string; range: string | undefined },
  response: ServerResponse,
): Promise<void> {
  const { size } = await stat(file)
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  if (from === undefined) {
    response.writeHead(200, { 'content-length': size, 'accept-ranges': 'bytes' })
    createReadStream(file).pipe(response)
    return
  }
  const start = Number(from)
  const end = to ? Math.min(Number(to), size - 1) : size - 1
  response.writeHead(206, {
    'content-length': end - start + 1,
    'content-range': `bytes ${start}-${end}/${size}`,
  })
  createReadStream(file, { start, end }).pipe(response)
}
