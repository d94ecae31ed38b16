import type { GuardedFetch } from '../../guarded-fetch.ts'
import { GuardedFetchError, HttpStatusError } from '../../guarded-fetch-errors.ts'

/** What a host says of an account when asked about its repository. */
export type HostedStatus = { readonly active: boolean; readonly status?: string; readonly rev?: string }

/** Queries of `com.atproto.sync` and their like, through the guard; answers are checked, never trusted in shape. */
export type PdsClient = {
  /** Throws {@link HostSaysNo} or a GuardedFetchError. */
  getRepo(
    pdsUrl: string,
    did: string,
    limits: { maxBytes: number; timeoutMs: number; signal?: AbortSignal },
  ): Promise<AsyncDisposable & { readonly body: AsyncIterable<Uint8Array> }>
  getRecord(pdsUrl: string, did: string, path: string): Promise<Uint8Array>
  getRepoStatus(pdsUrl: string, did: string): Promise<HostedStatus>
  /** Whether the repository holds any of these collections. */
  holdsAny(pdsUrl: string, did: string, nsids: readonly string[]): Promise<boolean>
  listRepos(hostUrl: string, cursor: string | undefined): Promise<RepoPage>
  listReposByCollection(hostUrl: string, nsid: string, cursor: string | undefined): Promise<RepoPage>
  /** Whether the host is itself a PDS: a relay does not describe a server. */
  isPds(hostUrl: string): Promise<boolean>
}

export type RepoPage = {
  readonly cursor: string | undefined
  readonly repos: readonly {
    readonly did: string
    readonly rev?: string | undefined
    readonly active: boolean
  }[]
}

/** The host answered that it will not: `error` is the XRPC error's name, such as `RepoTakendown`. */
export class HostSaysNo extends Error {
  override readonly name = 'HostSaysNo'
  readonly error: string
  constructor(error: string, message: string) {
    super(message)
    this.error = error
  }
}

const JSON_LIMITS = { maxBytes: 2_000_000, timeoutMs: 20_000 }
/** Events wait for these answers. */
const QUICK = { maxBytes: 10_000, timeoutMs: 3_000 }
const PAGE = '1000'
const COLLECTION_PAGE = '2000'

export function createPdsClient(guardedFetch: GuardedFetch): PdsClient {
  const query = async (
    hostUrl: string,
    method: string,
    params: Record<string, string | undefined>,
    limits = JSON_LIMITS,
  ) => {
    const url = xrpcUrl(hostUrl, method, params)
    const { bytes } = await guardedFetch.fetchBytes(url, limits).catch(explain)
    return asObject(parseJson(bytes))
  }
  return {
    async getRepo(pdsUrl, did, limits) {
      const url = xrpcUrl(pdsUrl, 'com.atproto.sync.getRepo', { did })
      const headers = { accept: 'application/vnd.ipld.car' }
      return guardedFetch.openStream(url, { ...limits, headers, account: did }).catch(explain)
    },
    async getRecord(pdsUrl, did, path) {
      const [collection, rkey] = path.split('/')
      const url = xrpcUrl(pdsUrl, 'com.atproto.sync.getRecord', { did, collection, rkey })
      const { bytes } = await guardedFetch.fetchBytes(url, { ...JSON_LIMITS, account: did }).catch(explain)
      return bytes
    },
    async getRepoStatus(pdsUrl, did) {
      const answer = await query(pdsUrl, 'com.atproto.sync.getRepoStatus', { did }, QUICK)
      return {
        active: answer.active === true,
        ...(typeof answer.status === 'string' ? { status: answer.status } : {}),
        ...(typeof answer.rev === 'string' ? { rev: answer.rev } : {}),
      }
    },
    async holdsAny(pdsUrl, did, nsids) {
      const { collections } = await query(pdsUrl, 'com.atproto.repo.describeRepo', { repo: did })
      return !Array.isArray(collections) || nsids.some((nsid) => collections.includes(nsid))
    },
    listRepos: async (hostUrl, cursor) =>
      readPage(await query(hostUrl, 'com.atproto.sync.listRepos', { cursor, limit: PAGE })),
    listReposByCollection: async (hostUrl, collection, cursor) => {
      const params = { collection, cursor, limit: COLLECTION_PAGE }
      return readPage(await query(hostUrl, 'com.atproto.sync.listReposByCollection', params))
    },
    async isPds(hostUrl) {
      try {
        return typeof (await query(hostUrl, 'com.atproto.server.describeServer', {})).did === 'string'
      } catch (error) {
        if (error instanceof HostSaysNo) return false
        throw error
      }
    },
  }
}

/** A host that answers 4xx has decided; everything else may pass. */
function explain(error: unknown): never {
  const decided = error instanceof HttpStatusError && (!error.retryable || error.status === 501)
  if (!decided) throw error
  const body = asObject(parseJson(new TextEncoder().encode(error.body)))
  const name = typeof body.error === 'string' ? body.error.slice(0, 100) : `status ${error.status}`
  throw new HostSaysNo(name, `${error.message} (${name})`)
}

function readPage(answer: Record<string, unknown>): RepoPage {
  const listed = Array.isArray(answer.repos) ? answer.repos : []
  const repos = listed.flatMap((entry: unknown) => {
    const { did, rev, active } = asObject(entry)
    if (typeof did !== 'string') return []
    return [{ did, rev: typeof rev === 'string' ? rev : undefined, active: active !== false }]
  })
  const { cursor } = answer
  return { cursor: typeof cursor === 'string' && cursor !== '' ? cursor : undefined, repos }
}

function xrpcUrl(hostUrl: string, method: string, params: Record<string, string | undefined>): URL {
  const url = new URL(`/xrpc/${method}`, hostUrl)
  for (const [name, value] of Object.entries(params))
    if (value !== undefined) url.searchParams.set(name, value)
  return url
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** Whether an error of a query is about the network, and the same query may work later. */
export function isHostTrouble(error: unknown): boolean {
  return error instanceof GuardedFetchError
}
