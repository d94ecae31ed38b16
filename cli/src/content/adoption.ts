import { lexToJson } from '@atproto/lex-json'
import { getDataset, getMetainfo, getTorrent } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { type Metainfo, parseMetainfo } from '@holdfast/torrent/metainfo'
import type { AppView } from '../appview.ts'
import { CommandError } from '../command-error.ts'
import type { Connections } from '../connections.ts'
import { warn } from '../output/terminal.ts'
import { parseRecordUri, type RecordUri } from '../records/record-uri.ts'
import type { BlobJson, RecordJson, RecordRef, StoredRecord } from '../records/repo.ts'
import { assertKey, assertNamed, fetchBlob, fetchRecordMetainfo } from './record-metainfo.ts'

/** What somebody published, to be republished by an adopter: records and blobs, all checked. */
export interface Published {
  readonly dataset:
    | (RecordRef & { readonly value: RecordJson; readonly description: Uint8Array | undefined })
    | undefined
  readonly torrents: readonly PublishedTorrent[]
}

export interface PublishedTorrent extends RecordRef {
  readonly value: RecordJson
  readonly metainfo: Metainfo
}

/**
 * A dataset with its author's torrents, or a torrent alone, from the author's PDS; if that is gone, from the AppView,
 * which keeps the records and the `.torrent`s.
 */
export async function fetchPublished(
  connections: Connections,
  uri: string,
  appviewUrl: string | undefined,
): Promise<Published> {
  const place = parseRecordUri(uri, connections.config.authorities)
  try {
    return await fromPds(connections, place)
  } catch (error) {
    if (error instanceof CommandError && error.kind === 'usage') throw error
    warn(`${(error as Error).message} Asking the AppView.`)
    return fromAppView(await connections.appView(appviewUrl), uri, place)
  }
}

async function fromPds(connections: Connections, place: RecordUri): Promise<Published> {
  const author = await connections.readRepo(place.authority)
  const record = await author.repo.get(place.collection, place.rkey)
  if (!record) throw new CommandError('notFound', `${place.rkey} is not at ${author.pdsUrl}.`)
  if (place.collection === collections.torrent) {
    const { metainfo } = await fetchRecordMetainfo(connections, record.uri)
    return { dataset: undefined, torrents: [{ ...record, metainfo }] }
  }
  if (place.collection !== collections.dataset)
    throw new CommandError('usage', 'Only datasets and torrents can be adopted.')
  const blob = record.value.descriptionBlob as BlobJson | undefined
  const torrents: PublishedTorrent[] = []
  for await (const torrent of author.repo.list(collections.torrent)) {
    if (!holds(torrent, record.uri)) continue
    const { metainfo } = await fetchRecordMetainfo(connections, torrent.uri)
    torrents.push({ ...torrent, metainfo })
  }
  return { dataset: { ...record, description: blob && (await fetchBlob(author, blob)) }, torrents }
}

function holds({ value }: StoredRecord, datasetUri: string): boolean {
  return ((value.datasets ?? []) as RecordRef[]).some(({ uri }) => uri === datasetUri)
}

/** The AppView does not keep descriptions that are blobs, so only the first paragraphs in the record are left. */
async function fromAppView(appview: AppView, uri: string, place: RecordUri): Promise<Published> {
  if (place.collection === collections.torrent) {
    const { torrents } = await appview.query(getTorrent, { uri })
    return {
      dataset: undefined,
      torrents: await Promise.all(torrents.map((view) => fromView(appview, view))),
    }
  }
  const { dataset, torrents } = await appview.query(getDataset, { uri })
  assertSameRecord(dataset.uri, place, appview)
  const { descriptionBlob, ...value } = lexToJson(dataset.record as never) as RecordJson
  if (descriptionBlob)
    warn(
      'The full description was a blob at the PDS and is lost; its first paragraphs, in the record, are kept.',
    )
  const own = torrents.filter(({ author }) => author.did === dataset.author.did)
  return {
    dataset: { uri: dataset.uri, cid: dataset.cid, value, description: undefined },
    torrents: await Promise.all(own.map((view) => fromView(appview, view))),
  }
}

/** Throws a CommandError unless the AppView sent the record that was asked for, because the copy is written under its key. */
function assertSameRecord(uri: string, { authority, rkey }: RecordUri, { url }: AppView): void {
  const [did, , key] = uri.slice('at://'.length).split('/')
  if (key !== rkey || (authority.startsWith('did:') && did !== authority))
    throw new CommandError('failure', `${url} sent the record ${uri} in place of the one asked for.`)
}

interface View {
  readonly uri: string
  readonly cid: string
  readonly record: unknown
}

async function fromView(appview: AppView, { uri, cid, record }: View): Promise<PublishedTorrent> {
  const bytes = await appview.query(getMetainfo, { uri, original: true })
  const metainfo = parseMetainfo(bytes as unknown as Uint8Array)
  const value = lexToJson(record as never) as RecordJson
  assertKey(uri, metainfo)
  assertNamed(value, metainfo, uri)
  return { uri, cid, value, metainfo }
}
