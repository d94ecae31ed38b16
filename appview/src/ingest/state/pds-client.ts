import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import { GuardedFetchError, HttpStatusError } from '../../outbound/guarded-fetch-errors.ts'

/** A host's answer about the status of a repository. */
export interface HostedStatus {
  readonly active: boolean
  readonly status?: string
  readonly rev?: string
}

/** Queries of `com.atproto.sync` and similar methods, by the guarded fetch. The shape of every answer is checked. */
export interface PdsClient {
  /** Streams a repository as a CAR. Throws {@link HostRefusedError} or a GuardedFetchError. */
  getRepo(
    pdsUrl: string,
    did: string,
    limits: { maxBytes: number; timeoutMs: number; signal?: AbortSignal },
  ): Promise<AsyncDisposable & { readonly body: AsyncIterable<Uint8Array> }>
  getRecord(pdsUrl: string, did: string, path: string): Promise<Uint8Array>
  getRepoStatus(pdsUrl: string, did: string): Promise<HostedStatus>
  /** Which of these collections the repository has; all of them when its host does not say. */
  collectionsOf(pdsUrl: string, did: string, nsids: readonly string[]): Promise<readonly string[]>
  /** One page of the records of a collection, as the host says, without proof. */
  listRecords(
    pdsUrl: string,
    did: string,
    of: { collection: string; cursor: string | undefined },
  ): Promise<RecordPage>
  listRepos(hostUrl: string, cursor: string | undefined): Promise<RepoPage>
  listReposByCollection(hostUrl: string, nsid: string, cursor: string | undefined): Promise<RepoPage>
  /** Whether the host is a PDS; a relay does not answer `describeServer`. */
  isPds(hostUrl: string): Promise<boolean>
}

export interface RepoPage {
  readonly cursor: string | undefined
  readonly repos: readonly {
    readonly did: string
    readonly rev?: string | undefined
    readonly active: boolean
  }[]
}

export interface RecordPage {
  readonly cursor: string | undefined
  readonly records: readonly { readonly uri: string; readonly cid: string }[]
}

/** The host refused the request; `error` is the name of the XRPC error, such as `RepoTakendown`. */
export class HostRefusedError extends Error {
  override readonly name = 'HostRefusedError'
  readonly error: string
  constructor(error: string, message: string) {
    super(message)
    this.error = error
  }
}

const jsonLimits = { maxBytes: 2_000_000, timeoutMs: 20_000 }
/** Limits for requests whose answers events wait for. */
const quick = { maxBytes: 10_000, timeoutMs: 3_000 }
const page = '1000'
const collectionPage = '2000'
const recordPage = '100'

export function createPdsClient(guardedFetch: GuardedFetch): PdsClient {
  const query = async (
    hostUrl: string,
    method: string,
    params: Record<string, string | undefined>,
    limits = jsonLimits,
  ) => {
    const url = xrpcUrl(hostUrl, method, params)
    const account = params.did ?? params.repo
    const asked = { purpose: 'pds', ...(account !== undefined && { account }) } as const
    const { bytes } = await guardedFetch.fetchBytes(url, { ...limits, ...asked }).catch(explain)
    return asObject(parseJson(bytes))
  }
  return {
    async getRepo(pdsUrl, did, limits) {
      const url = xrpcUrl(pdsUrl, 'com.atproto.sync.getRepo', { did })
      const headers = { accept: 'application/vnd.ipld.car' }
      return guardedFetch.openStream(url, { ...limits, headers, purpose: 'pds', account: did }).catch(explain)
    },
    async getRecord(pdsUrl, did, path) {
      const [collection, rkey] = path.split('/')
      const url = xrpcUrl(pdsUrl, 'com.atproto.sync.getRecord', { did, collection, rkey })
      const { bytes } = await guardedFetch
        .fetchBytes(url, { ...jsonLimits, purpose: 'pds', account: did })
        .catch(explain)
      return bytes
    },
    async getRepoStatus(pdsUrl, did) {
      const answer = await query(pdsUrl, 'com.atproto.sync.getRepoStatus', { did }, quick)
      return {
        active: answer.active === true,
        ...(typeof answer.status === 'string' ? { status: answer.status } : {}),
        ...(typeof answer.rev === 'string' ? { rev: answer.rev } : {}),
      }
    },
    async collectionsOf(pdsUrl, did, nsids) {
      const { collections } = await query(pdsUrl, 'com.atproto.repo.describeRepo', { repo: did })
      return Array.isArray(collections) ? nsids.filter((nsid) => collections.includes(nsid)) : nsids
    },
    async listRecords(pdsUrl, did, { collection, cursor }) {
      const params = { repo: did, collection, cursor, limit: recordPage }
      const answer = await query(pdsUrl, 'com.atproto.repo.listRecords', params)
      const listed = Array.isArray(answer.records) ? answer.records : []
      const records = listed.map((entry: unknown) => {
        const { uri, cid } = asObject(entry)
        return { uri: String(uri), cid: String(cid) }
      })
      return { cursor: cursorOf(answer), records }
    },
    listRepos: async (hostUrl, cursor) =>
      readPage(await query(hostUrl, 'com.atproto.sync.listRepos', { cursor, limit: page })),
    listReposByCollection: async (hostUrl, collection, cursor) => {
      const params = { collection, cursor, limit: collectionPage }
      return readPage(await query(hostUrl, 'com.atproto.sync.listReposByCollection', params))
    },
    async isPds(hostUrl) {
      try {
        return typeof (await query(hostUrl, 'com.atproto.server.describeServer', {})).did === 'string'
      } catch (error) {
        if (error instanceof HostRefusedError) return false
        throw error
      }
    },
  }
}

/** Turns a 4xx answer, which is final, into a HostRefusedError; other errors may be temporary and are thrown as they are. */
function explain(error: unknown): never {
  const decided = error instanceof HttpStatusError && (!error.retryable || error.status === 501)
  if (!decided) throw error
  const body = asObject(parseJson(new TextEncoder().encode(error.body)))
  const name = typeof body.error === 'string' ? body.error.slice(0, 100) : `status ${error.status}`
  throw new HostRefusedError(name, `${error.message} (${name})`)
}

function readPage(answer: Record<string, unknown>): RepoPage {
  const listed = Array.isArray(answer.repos) ? answer.repos : []
  const repos = listed.flatMap((entry: unknown) => {
    const { did, rev, active } = asObject(entry)
    if (typeof did !== 'string') return []
    return [{ did, rev: typeof rev === 'string' ? rev : undefined, active: active !== false }]
  })
  return { cursor: cursorOf(answer), repos }
}

function cursorOf({ cursor }: Record<string, unknown>): string | undefined {
  return typeof cursor === 'string' && cursor !== '' ? cursor : undefined
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

/** Whether an error of a query is a network problem, so that the same query may succeed later. */
export function isHostTrouble(error: unknown): boolean {
  return error instanceof GuardedFetchError
}
