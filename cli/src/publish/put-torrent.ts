import { collections } from '@holdfast/lexicons/nsid'
import { putGuarded, type Written } from '../records/put-guarded.ts'
import type { RecordJson, RecordRef, Repo, StoredRecord } from '../records/repo.ts'
import { assertValid } from '../records/validate.ts'
import { storeMetainfo } from './metainfo-blobs.ts'

/** A torrent that was made, as its record tells of it. */
export interface TorrentDraft {
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly name: string
  readonly sizeBytes: number
  readonly pieceLengthBytes: number
  readonly fileCount: number
  readonly metainfo: Uint8Array
  readonly metainfoUrls: readonly string[]
  readonly datasets: readonly RecordRef[]
  readonly trackers: readonly { readonly url: string; readonly tier: number }[]
  readonly webSeeds: readonly { readonly url: string; readonly kind: string }[]
  /** How, with what and when the files were gathered; further fields of the record as they are. */
  readonly about: RecordJson
  /** It is somebody else's: what it supersedes is theirs to say. */
  readonly isCopy?: boolean
  /** Whether a record that is there stays as it is, but for the datasets. */
  readonly keepExisting?: (existing: RecordJson) => boolean
}

/**
 * Writes a torrent record under its infohash (v2 first). References to other datasets that the record has stay; if the
 * dataset had other files under this name before, the new record says that it supersedes the old one, which stays.
 */
export async function putTorrent(repo: Repo, draft: TorrentDraft): Promise<Written> {
  const place = { collection: collections.torrent, rkey: (draft.infoHashV2 ?? draft.infoHashV1)! }
  return putGuarded(repo, place, async (existing) => {
    if (existing && draft.keepExisting?.(existing.value)) {
      const datasets = mergeRefs((existing.value.datasets ?? []) as RecordRef[], draft.datasets)
      return { ...existing.value, datasets }
    }
    // Files that are as they were once do not take the place of what came after them by themselves.
    const stated = existing?.value.supersedes ?? draft.about.supersedes
    const supersedes = stated ?? (existing || draft.isCopy ? undefined : await findPredecessor(repo, draft))
    const record = describeTorrent(draft, { existing, supersedes })
    assertValid(collections.torrent, record, `The torrent ${draft.name}`)
    return {
      ...record,
      ...(await storeMetainfo(repo, {
        bytes: draft.metainfo,
        existing: existing?.value,
        urls: draft.metainfoUrls,
      })),
    }
  })
}

type Known = { existing: StoredRecord | undefined; supersedes: unknown }

function describeTorrent(draft: TorrentDraft, { existing, supersedes }: Known): RecordJson {
  return {
    datasets: mergeRefs((existing?.value.datasets ?? []) as RecordRef[], draft.datasets),
    ...(draft.infoHashV1 && { infoHashV1: draft.infoHashV1 }),
    ...(draft.infoHashV2 && { infoHashV2: draft.infoHashV2 }),
    name: draft.name,
    sizeBytes: draft.sizeBytes,
    pieceLengthBytes: draft.pieceLengthBytes,
    fileCount: draft.fileCount,
    ...(draft.trackers.length > 0 && { trackers: draft.trackers }),
    ...(draft.webSeeds.length > 0 && { webSeeds: draft.webSeeds }),
    ...keepGathered(existing),
    ...draft.about,
    ...(supersedes ? { supersedes } : {}),
    createdAt: existing?.value.createdAt ?? new Date().toISOString(),
  }
}

/** What was said about the gathering once stays until it is said anew. */
function keepGathered(existing: StoredRecord | undefined): RecordJson {
  const fields = ['parts', 'method', 'tool', 'captured', 'formats', 'adoptedFrom', 'labels']
  return Object.fromEntries(
    fields.flatMap((field) => (existing?.value[field] === undefined ? [] : [[field, existing.value[field]]])),
  )
}

function mergeRefs(existing: readonly RecordRef[], wanted: readonly RecordRef[]): RecordRef[] {
  const others = existing.filter(({ uri }) => !wanted.some((ref) => ref.uri === uri))
  return [...others, ...wanted.map(({ uri, cid }) => ({ uri, cid }))]
}

/** The newest torrent of the same name for one of the datasets, which no other of this repo has superseded yet. */
async function findPredecessor(repo: Repo, draft: TorrentDraft): Promise<RecordRef | undefined> {
  const wanted = new Set(draft.datasets.map(({ uri }) => uri))
  if (wanted.size === 0) return undefined
  const superseded = new Set<string>()
  let newest: StoredRecord | undefined
  const candidates: StoredRecord[] = []
  for await (const record of repo.list(collections.torrent)) {
    const predecessor = record.value.supersedes as RecordRef | undefined
    if (predecessor) superseded.add(predecessor.uri)
    const refs = (record.value.datasets ?? []) as RecordRef[]
    if (record.value.name === draft.name && refs.some(({ uri }) => wanted.has(uri))) candidates.push(record)
  }
  for (const record of candidates) {
    if (superseded.has(record.uri) || record.rkey === (draft.infoHashV2 ?? draft.infoHashV1)) continue
    if (!newest || String(record.value.createdAt) > String(newest.value.createdAt)) newest = record
  }
  return newest && { uri: newest.uri, cid: newest.cid }
}
