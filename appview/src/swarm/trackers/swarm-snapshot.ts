import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import { HttpStatusError } from '../../outbound/guarded-fetch-errors.ts'

export interface Counts {
  seeders: number
  leechers: number
  completed: number
}

/** Counts by the 20-byte name, in hex, of every swarm with peers; absent names have none. */
export type SwarmSnapshot = ReadonlyMap<string, Counts>

/** The tracker has no list of all swarms, because it is another program or an older version. */
export class NoSnapshotError extends Error {}

/**
 * Reads all swarms of one of our own trackers at once from `/swarms`, line by line. The token is sent only when
 * the tracker asks for it, and never without encryption to another machine.
 *
 * @throws NoSnapshotError, or a GuardedFetchError.
 */
export async function readSwarmSnapshot(
  fetch: GuardedFetch,
  announceUrl: string,
  options: { adminToken: string | undefined; signal: AbortSignal },
): Promise<SwarmSnapshot> {
  const url = new URL('/swarms', announceUrl)
  try {
    return await read(fetch, url, { signal: options.signal, headers: {} })
  } catch (error) {
    if (!(error instanceof HttpStatusError)) throw error
    const asks = error.status === 401 || error.status === 403
    if (!asks || !options.adminToken || !isConfidential(url)) {
      throw new NoSnapshotError(`${url.origin} answers /swarms with ${error.status}`, { cause: error })
    }
    const headers = { authorization: `Bearer ${options.adminToken}` }
    return await read(fetch, url, { signal: options.signal, headers })
  }
}

const maxBytes = 2 ** 30
const timeoutMs = 120_000

async function read(
  fetch: GuardedFetch,
  url: URL,
  request: { signal: AbortSignal; headers: Record<string, string> },
): Promise<SwarmSnapshot> {
  await using stream = await fetch.openStream(url, { ...request, maxBytes, timeoutMs })
  if (!stream.headers.get('content-type')?.startsWith('application/json')) {
    throw new NoSnapshotError(`${url.origin} answers /swarms with something that is not JSON`)
  }
  const snapshot = new Map<string, Counts>()
  for await (const line of lines(stream.body)) {
    const row = /\[\["[^\]]*\][^\]]*\]/.exec(line)?.[0]
    if (row) addRow(snapshot, JSON.parse(row))
  }
  return snapshot
}

/** Adds a line of the list, which describes one swarm: `[["name","name"],seeders,leechers,completed]`. */
function addRow(snapshot: Map<string, Counts>, row: unknown): void {
  if (!Array.isArray(row) || !Array.isArray(row[0])) return
  const [seeders, leechers, completed] = row.slice(1).map(Number)
  for (const name of row[0])
    snapshot.set(String(name), { seeders: seeders!, leechers: leechers!, completed: completed! })
}

async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop()!
    yield* parts
  }
  yield rest
}

function isConfidential(url: URL): boolean {
  return url.protocol === 'https:' || /^(localhost|127\..*|\[::1\])$/.test(url.hostname)
}
