import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Behavior, misbehave } from './behavior.ts'
import { closerOf, listening } from './closing.ts'
import type { TestPlc } from './plc.ts'
import type { Frame } from './relay/frames.ts'
import { Stream } from './relay/stream.ts'
import { serveSubscribers } from './relay/subscribers.ts'
import { SignedRepo } from './signed-repo.ts'

export type HostilePds = AsyncDisposable & {
  readonly url: string
  /** Every request so far, oldest first; `method` is an NSID or a plain path. */
  readonly requests: readonly { method: string; params: URLSearchParams; behaved?: Behavior['kind'] }[]
  /** Its own `subscribeRepos`, which is empty until something is emitted. */
  readonly stream: Stream
  /** Serves the repo and its blobs correctly, except where a behavior is set. */
  host(repo: SignedRepo): void
  /** Makes an account that is hosted here with its repo. */
  newRepo(plc: TestPlc): Promise<SignedRepo>
  /** Answers `method` (an NSID, a path such as `/big.bin`, or `*` for all) in this way from now on, or `times` times. */
  behave(method: string, behavior: Behavior, times?: number): void
  /** Returns to correct answers, for one method or for all. */
  heal(method?: string): void
  /** Emits a frame on its own stream. */
  emit(frame: Frame): void
}

/** Starts an HTTP server that acts as a PDS: it answers correctly for the repos it hosts, until told otherwise. */
export async function startHostilePds(): Promise<HostilePds> {
  const repos = new Map<string, SignedRepo>()
  const orders = new Map<string, { behavior: Behavior; left: number }>()
  const requests: { method: string; params: URLSearchParams; behaved?: Behavior['kind'] }[] = []
  const stream = new Stream()

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://pds.invalid')
    const method = url.pathname.replace('/xrpc/', '')
    const order = orders.get(method) ?? orders.get('*')
    const behavior = order && order.left-- > 0 ? order.behavior : undefined
    requests.push({ method, params: url.searchParams, behaved: behavior?.kind })
    if (behavior) await misbehave(behavior, response)
    else await answerHonestly({ repos, method, params: url.searchParams }, response)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  const close = closerOf(server)
  serveSubscribers(server, stream)
  const url = `http://localhost:${await listening(server.listen(0, '127.0.0.1'))}`
  return {
    url,
    requests,
    stream,
    host: (repo) => void repos.set(repo.did, repo),
    async newRepo(plc) {
      const repo = await SignedRepo.create({ plc, pdsUrl: url })
      repos.set(repo.did, repo)
      return repo
    },
    behave: (method, behavior, times = Number.POSITIVE_INFINITY) =>
      void orders.set(method, { behavior, left: times }),
    heal: (method) => void (method === undefined ? orders.clear() : orders.delete(method)),
    emit: (frame) => stream.deliver(stream.append(frame)),
    [Symbol.asyncDispose]: close,
  }
}

interface Query {
  repos: ReadonlyMap<string, SignedRepo>
  method: string
  params: URLSearchParams
}

async function answerHonestly({ repos, method, params }: Query, response: ServerResponse) {
  if (method === 'com.atproto.sync.listRepos') {
    const views = [...repos.values()].map(({ did, head, rev }) => ({
      did,
      head: `${head}`,
      rev,
      active: true,
    }))
    return sendJson(response, 200, { repos: views })
  }
  const answer = methods[method]
  if (!answer) return sendJson(response, 404, { error: 'MethodNotImplemented', message: method })
  const repo = repos.get(params.get('did') ?? '')
  if (!repo) return sendJson(response, 400, { error: 'RepoNotFound', message: 'no such repo here' })
  await answer(repo, params, response)
}

type Answer = (repo: SignedRepo, params: URLSearchParams, response: ServerResponse) => void | Promise<void>

const methods: Record<string, Answer> = {
  'com.atproto.sync.getRepo': async (repo, _, response) => sendCar(response, await repo.car()),
  'com.atproto.sync.getRecord': async (repo, params, response) =>
    sendCar(response, await repo.recordCar(params.get('collection') ?? '', params.get('rkey') ?? '')),
  'com.atproto.sync.getLatestCommit': (repo, _, response) =>
    sendJson(response, 200, { cid: `${repo.head}`, rev: repo.rev }),
  'com.atproto.sync.getRepoStatus': (repo, _, response) =>
    sendJson(response, 200, { did: repo.did, active: true, rev: repo.rev }),
  'com.atproto.sync.getBlob': (repo, params, response) => {
    const blob = repo.blobs.get(params.get('cid') ?? '')
    if (!blob) return sendJson(response, 400, { error: 'BlobNotFound', message: 'no such blob here' })
    response
      .writeHead(200, { 'content-type': blob.mimeType, 'content-length': blob.bytes.length })
      .end(blob.bytes)
  },
}

function sendCar(response: ServerResponse, car: Uint8Array) {
  response.writeHead(200, { 'content-type': 'application/vnd.ipld.car' }).end(car)
}

function sendJson(response: ServerResponse, status: number, body: unknown) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
