import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { closerOf, listening } from '../../network/closing.ts'

export type SourceServer = AsyncDisposable & {
  /** Without a slash at its end. */
  readonly url: string
  /** The path and query of each request that was answered, in order. */
  readonly answered: string[]
  /** Answers instead of the source while it is set; false lets the source answer. */
  interfere: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
}

/** A server of a source that a bridge follows. `answer` writes the whole answer. */
export async function startSourceServer(
  answer: (url: URL, response: ServerResponse, request: IncomingMessage) => void,
): Promise<SourceServer> {
  const answered: string[] = []
  const server = createServer((request, response) => {
    if (started.interfere?.(request, response)) return
    // Only an answer that left completely was given.
    response.once('finish', () => {
      if (response.statusCode < 400) answered.push(request.url!)
    })
    answer(new URL(request.url!, 'http://x'), response, request)
  })
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  const port = await listening(server)
  const started: SourceServer = {
    url: `http://127.0.0.1:${port}`,
    answered,
    interfere: undefined,
    [Symbol.asyncDispose]: close,
  }
  return started
}

export function sendJson(
  response: ServerResponse,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
