import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { RepoDirectory, RepoState } from './repo-directory.ts'

export interface RelayXrpcOptions {
  directory: RepoDirectory
  hosts: () => { hostname: string; seq: number }[]
  requestCrawl: (url: string) => void
  /** Whether `getRepo` redirects the client to the host or fetches the repo for it; real relays do either. */
  getRepo: () => 'redirect' | 'proxy'
  listsByCollection: boolean
}

/** Answers the queries of a relay (`com.atproto.sync.*`) from what its directory has seen. */
export async function answerXrpc(
  options: RelayXrpcOptions,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const url = new URL(request.url ?? '/', 'http://relay.invalid')
  const method = url.pathname.replace('/xrpc/', '')
  const answer = methods[method]
  const isOff = !options.listsByCollection && method === 'com.atproto.sync.listReposByCollection'
  if (!answer || isOff) return sendError(response, 404, 'MethodNotImplemented')
  try {
    await answer({ ...options, url, request, response })
  } catch (error) {
    if (response.headersSent) response.destroy()
    else if (error instanceof RelayError) sendError(response, 400, error.message)
    else sendError(response, 502, 'UpstreamFailure')
  }
}

type Call = RelayXrpcOptions & { url: URL; request: IncomingMessage; response: ServerResponse }

class RelayError extends Error {}

const methods: Record<string, (call: Call) => void | Promise<void>> = {
  _health: ({ response }) => sendJson(response, { status: 'ok' }),
  'com.atproto.sync.listRepos': ({ directory, url, response }) => {
    const { items, cursor } = pageOf([...directory.repos.values()], url, 1000)
    sendJson(response, { cursor, repos: items.map(repoView) })
  },
  'com.atproto.sync.listReposByCollection': ({ directory, url, response }) => {
    const collection = url.searchParams.get('collection')
    if (!collection) throw new RelayError('InvalidRequest')
    const all = [...directory.repos.values()].filter(
      (repo) => repo.active && repo.collections.has(collection),
    )
    const { items, cursor } = pageOf(all, url, 2000)
    sendJson(response, { cursor, repos: items.map(({ did }) => ({ did })) })
  },
  'com.atproto.sync.listHosts': ({ hosts, response }) =>
    sendJson(response, { hosts: hosts().map((host) => ({ ...host, status: 'active' })) }),
  'com.atproto.sync.getRepoStatus': (call) => {
    const { did, active, status, rev } = repoAsked(call)
    sendJson(call.response, active ? { did, active, rev } : { did, active, status })
  },
  'com.atproto.sync.getLatestCommit': (call) => {
    const { head, rev } = repoAsked(call)
    sendJson(call.response, { cid: head, rev })
  },
  'com.atproto.sync.getRepo': getRepo,
  'com.atproto.sync.requestCrawl': async ({ request, requestCrawl, response }) => {
    const { hostname } = (await new Response(Readable.toWeb(request) as never).json()) as {
      hostname?: string
    }
    if (typeof hostname !== 'string') throw new RelayError('InvalidRequest')
    requestCrawl(hostname.startsWith('localhost') ? `http://${hostname}` : `https://${hostname}`)
    sendJson(response, {})
  },
}

async function getRepo(call: Call) {
  const { host } = repoAsked(call)
  const address = new URL(call.url.pathname + call.url.search, host)
  if (call.getRepo() === 'redirect') {
    call.response.writeHead(302, { location: address.href }).end()
    return
  }
  const upstream = await fetch(address)
  const type = upstream.headers.get('content-type') ?? 'application/octet-stream'
  call.response.writeHead(upstream.status, { 'content-type': type })
  call.response.end(new Uint8Array(await upstream.arrayBuffer()))
}

function repoAsked({ directory, url }: Call): RepoState {
  const repo = directory.repos.get(url.searchParams.get('did') ?? '')
  if (!repo) throw new RelayError('RepoNotFound')
  return repo
}

const repoView = ({ did, head, rev, active, status }: RepoState) => ({
  did,
  head,
  rev,
  active,
  ...(active ? {} : { status }),
})

/** The cursor is the index of the next item in the order in which they were first seen. */
function pageOf<T>(all: readonly T[], url: URL, most: number): { items: T[]; cursor?: string } {
  const limit = Math.min(Number(url.searchParams.get('limit') ?? most / 2), most)
  const from = Number(url.searchParams.get('cursor') ?? 0)
  if (!(limit >= 1) || !(from >= 0)) throw new RelayError('InvalidRequest')
  const to = from + limit
  return { items: all.slice(from, to), ...(to < all.length ? { cursor: String(to) } : {}) }
}

function sendJson(response: ServerResponse, body: unknown, status = 200) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const sendError = (response: ServerResponse, status: number, error: string) =>
  sendJson(response, { error, message: error }, status)
