/** Reads and writes the person's own repo on their own server. */
import type { OAuthSession } from './session.ts'

export interface RepoRecord {
  uri: string
  cid: string
  value: Record<string, unknown>
}

/** The server refused a request; `name` is the name of the XRPC error, such as `InvalidSwap`. */
export class RepoError extends Error {
  readonly error: string
  constructor(error: string, message: string) {
    super(message)
    this.error = error
  }
}

/** Creates or replaces a record. With `swap`, only if the record still has that CID; with null, only if there is none. */
export function putRecord(
  session: OAuthSession,
  put: { collection: string; rkey: string; record: object; swap: string | null },
): Promise<{ uri: string; cid: string }> {
  const { collection, rkey, record, swap } = put
  const body = { repo: session.sub, collection, rkey, record, swapRecord: swap, validate: false }
  return call(session, 'com.atproto.repo.putRecord', { body })
}

export async function createRecord(
  session: OAuthSession,
  created: { collection: string; record: object },
): Promise<{ uri: string; cid: string }> {
  return call(session, 'com.atproto.repo.createRecord', {
    body: { repo: session.sub, ...created, validate: false },
  })
}

export async function deleteRecord(session: OAuthSession, uri: string): Promise<void> {
  const [collection, rkey] = uri.split('/').slice(3)
  await call(session, 'com.atproto.repo.deleteRecord', { body: { repo: session.sub, collection, rkey } })
}

export function getRecord(session: OAuthSession, uri: string): Promise<RepoRecord> {
  const [, , repo = '', collection = '', rkey = ''] = uri.split('/')
  return call(session, 'com.atproto.repo.getRecord', { query: { repo, collection, rkey } })
}

/** The handle of the signed-in account, if it resolves back to the account. */
export async function handleOf(session: OAuthSession): Promise<string | undefined> {
  const query = { repo: session.sub }
  const about = await call<{ handle: string; handleIsCorrect: boolean }>(
    session,
    'com.atproto.repo.describeRepo',
    { query },
  ).catch(() => undefined)
  return about?.handleIsCorrect ? about.handle : undefined
}

/** All records of a collection, newest keys first. */
export async function* listRecords(session: OAuthSession, collection: string): AsyncGenerator<RepoRecord> {
  let cursor: string | undefined
  do {
    const query = { repo: session.sub, collection, limit: '100', ...(cursor && { cursor }) }
    const page = await call<{ records: RepoRecord[]; cursor?: string }>(
      session,
      'com.atproto.repo.listRecords',
      { query },
    )
    yield* page.records
    cursor = page.records.length > 0 ? page.cursor : undefined
  } while (cursor)
}

export async function uploadBlob(
  session: OAuthSession,
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
): Promise<object> {
  const response = await session.fetchHandler('/xrpc/com.atproto.repo.uploadBlob', {
    method: 'POST',
    headers: { 'content-type': type },
    body: bytes,
  })
  return (await answer<{ blob: object }>(response)).blob
}

async function call<T>(
  session: OAuthSession,
  method: string,
  { query, body }: { query?: Record<string, string>; body?: object },
): Promise<T> {
  const path = `/xrpc/${method}${query ? `?${new URLSearchParams(query)}` : ''}`
  const init = body
    ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    : { method: 'GET' }
  return answer<T>(await session.fetchHandler(path, init))
}

async function answer<T>(response: Response): Promise<T> {
  const body = (await response.json().catch(() => ({}))) as { error?: string; message?: string }
  if (!response.ok)
    throw new RepoError(body.error ?? String(response.status), body.message ?? `HTTP ${response.status}`)
  return body as T
}
