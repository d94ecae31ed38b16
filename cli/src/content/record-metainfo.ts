import { createHash } from 'node:crypto'
import { cidForRawBytes } from '@atproto/lex'
import { collections } from '@holdfast/lexicons/nsid'
import { type Metainfo, parseMetainfo } from '@holdfast/torrent/metainfo'
import type { Connections, PublicRepo } from '../connections.ts'
import { Failure } from '../failure.ts'
import { warn } from '../output/terminal.ts'
import { parseRecordUri } from '../records/record-uri.ts'
import type { BlobJson, RecordJson, StoredRecord } from '../records/repo.ts'

/** A torrent record and its `.torrent`, straight from the author's PDS. */
export interface RecordMetainfo {
  readonly record: StoredRecord
  readonly metainfo: Metainfo
}

interface MetainfoUrl {
  readonly url: string
  readonly sha256: string
}

/** Reads a torrent record at its author's PDS and fetches its `.torrent`, each byte checked. Throws a Failure. */
export async function fetchRecordMetainfo(connections: Connections, uri: string): Promise<RecordMetainfo> {
  const { authority, rkey } = parseRecordUri(uri, connections.config.authorities)
  const author = await connections.readRepo(authority)
  const record = await author.repo.get(collections.torrent, rkey)
  if (!record) throw new Failure('notFound', `${uri} is not at ${author.pdsUrl}.`)
  const metainfo = parseMetainfo(await fetchBytes(connections, author, record.value))
  assertNamed(record.value, metainfo, uri)
  return { record, metainfo }
}

/** Throws a Failure unless every infohash that the record states is that of the file. */
export function assertNamed(record: RecordJson, metainfo: Metainfo, uri: string): void {
  for (const name of ['infoHashV1', 'infoHashV2'] as const) {
    if (record[name] === undefined || record[name] === metainfo[name]) continue
    throw new Failure(
      'failure',
      `${uri} states the ${name} ${record[name]}, but its .torrent has ${metainfo[name] ?? 'none'}.`,
    )
  }
}

async function fetchBytes(
  connections: Connections,
  author: PublicRepo,
  record: RecordJson,
): Promise<Uint8Array> {
  const single = record.metainfo as BlobJson | undefined
  const parts = (record.metainfoParts ?? []) as { blob: BlobJson }[]
  const blobs = single ? [single] : parts.map(({ blob }) => blob)
  if (blobs.length > 0) {
    const fetched: Uint8Array[] = []
    for (const blob of blobs) fetched.push(await fetchBlob(author, blob))
    return Buffer.concat(fetched)
  }
  for (const { url, sha256 } of (record.metainfoUrls ?? []) as MetainfoUrl[]) {
    const bytes = await fetchUrl(connections, url)
    if (bytes && createHash('sha256').update(bytes).digest('hex') === sha256) return bytes
    warn(`${url} does not serve the file that the record means.`)
  }
  throw new Failure('notFound', 'The record has no .torrent that can be fetched.')
}

/** A blob, whose bytes must be those its CID says. */
export async function fetchBlob(author: PublicRepo, blob: BlobJson): Promise<Uint8Array> {
  const bytes = await author.getBlob(blob.ref.$link)
  if ((await cidForRawBytes(bytes)).toString() === blob.ref.$link) return bytes
  throw new Failure('failure', `${author.pdsUrl} sent other bytes than those of ${blob.ref.$link}.`)
}

async function fetchUrl(connections: Connections, url: string): Promise<Uint8Array | undefined> {
  const fetch = await connections.strangerFetch({ timeoutMs: 120_000, maxBytes: 256 * 2 ** 20 })
  try {
    const answer = await fetch(url)
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined
  } catch {
    return undefined
  }
}
