import { createHash } from 'node:crypto'
import { cidForRawBytes } from '@atproto/lex-data'
import { collections } from '@holdfast/lexicons/nsid'
import { counted } from '@holdfast/runtime/counted'
import { type Metainfo, parseMetainfo } from '@holdfast/torrent/metainfo'
import { CommandError } from '../command-error.ts'
import type { Connections, PublicRepo } from '../connections.ts'
import { warn } from '../output/terminal.ts'
import { parseRecordUri } from '../records/record-uri.ts'
import type { BlobJson, RecordJson, StoredRecord } from '../records/repo.ts'
import { torrentFetchLimits } from './torrent-file.ts'

/** A torrent record and its `.torrent`, read directly from the author's PDS. */
export interface RecordMetainfo {
  readonly record: StoredRecord
  readonly metainfo: Metainfo
}

interface MetainfoUrl {
  readonly url: string
  readonly sha256: string
}

/** Reads a torrent record at its author's PDS and fetches its `.torrent`, each byte checked. Throws a CommandError. */
export async function fetchRecordMetainfo(connections: Connections, uri: string): Promise<RecordMetainfo> {
  const { authority, rkey } = parseRecordUri(uri, connections.config.authorities)
  const author = await connections.readRepo(authority)
  const record = await author.repo.get(collections.torrent, rkey)
  if (!record) throw new CommandError('notFound', `${uri} is not at ${author.pdsUrl}.`)
  const metainfo = parseMetainfo(await fetchBytes(connections, author, record.value))
  assertNamed(record.value, metainfo, uri)
  return { record, metainfo }
}

/** Whether a record key is an infohash of this file, as the keys of our torrent records are. */
export function isKeyOf(rkey: string, { infoHashV1, infoHashV2 }: Metainfo): boolean {
  return rkey === infoHashV1 || rkey === infoHashV2
}

/**
 * Throws a CommandError if a record key is the infohash of another file. When the author's server is gone, the key that
 * was asked for is better evidence than an index.
 */
export function assertKey(uri: string, metainfo: Metainfo): void {
  const rkey = uri.split('/').at(-1)!
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(rkey) && !isKeyOf(rkey, metainfo))
    throw new CommandError('failure', `${uri} has an infohash as its key that its .torrent does not have.`)
}

/** Throws a CommandError unless the record states an infohash, and every infohash it states is that of the file. */
export function assertNamed(record: RecordJson, metainfo: Metainfo, uri: string): void {
  if (record.infoHashV1 === undefined && record.infoHashV2 === undefined)
    throw new CommandError('failure', `${uri} states no infohash to check its .torrent by.`)
  for (const name of ['infoHashV1', 'infoHashV2'] as const) {
    if (record[name] === undefined || record[name] === metainfo[name]) continue
    throw new CommandError(
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
    let left = torrentFetchLimits.maxBytes
    for (const blob of blobs) {
      const part = await fetchBlob(author, blob)
      left -= part.length
      if (left < 0)
        throw new CommandError(
          'failure',
          `The parts of the .torrent have more than ${counted(torrentFetchLimits.maxBytes, 'byte')}.`,
        )
      fetched.push(part)
    }
    return Buffer.concat(fetched)
  }
  for (const { url, sha256 } of (record.metainfoUrls ?? []) as MetainfoUrl[]) {
    const bytes = await fetchUrl(connections, url)
    if (bytes && createHash('sha256').update(bytes).digest('hex') === sha256) return bytes
    warn(`${url} does not serve the file that the record describes.`)
  }
  throw new CommandError('notFound', 'The record has no .torrent that can be fetched.')
}

/** Fetches a blob and checks that its bytes match its CID. */
export async function fetchBlob(author: PublicRepo, blob: BlobJson): Promise<Uint8Array> {
  const bytes = await author.getBlob(blob.ref.$link)
  if ((await cidForRawBytes(bytes)).toString() === blob.ref.$link) return bytes
  throw new CommandError('failure', `${author.pdsUrl} sent bytes that do not match ${blob.ref.$link}.`)
}

async function fetchUrl(connections: Connections, url: string): Promise<Uint8Array | undefined> {
  const fetch = await connections.strangerFetch(torrentFetchLimits)
  try {
    const answer = await fetch(url)
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined
  } catch {
    return undefined
  }
}
