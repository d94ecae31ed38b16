import { collections } from '@holdfast/lexicons/nsid'
import { mergeRecord } from '../records/merge.ts'
import { putGuarded, type Written } from '../records/put-guarded.ts'
import type { RecordJson, RecordRef, Repo, StoredRecord } from '../records/repo.ts'
import { assertValid } from '../records/validate.ts'
import { type MergeNotes, notesOf } from './merge-notes.ts'
import { storeMetainfo } from './metainfo-blobs.ts'
import { remembered } from './published-states.ts'
import type { Statement } from './put-dataset.ts'

/** The fields of a record for a torrent that was made. */
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
  readonly webseeds: readonly { readonly url: string; readonly kind: string }[]
  /** How, with what and when the files were gathered, and further fields of the record unchanged. */
  readonly about: RecordJson
  /** The record that a new record supersedes, unless `about` names one. */
  readonly predecessor?: RecordRef | undefined
  /** Whether an existing record is kept, except for its list of datasets. */
  readonly keepExisting?: (existing: RecordJson) => boolean
}

/**
 * Writes a torrent record under its infohash (v2 first). References to other datasets are kept, as are the record that
 * it supersedes and the fields that its owner changed (`mergeRecord`). The caller remembers the statement.
 */
export async function putTorrent(repo: Repo, draft: TorrentDraft, statement: Statement): Promise<Written> {
  const place = { collection: collections.torrent, rkey: (draft.infoHashV2 ?? draft.infoHashV1)! }
  return putGuarded(repo, place, async (existing) => {
    if (existing && draft.keepExisting?.(existing.value)) {
      const datasets = mergeRefs((existing.value.datasets ?? []) as RecordRef[], draft.datasets)
      return { ...existing.value, datasets }
    }
    // A torrent of files that are again as they once were does not automatically replace the torrents that followed it.
    const supersedes = draft.about.supersedes ?? (existing ? existing.value.supersedes : draft.predecessor)
    const record = await describeTorrent(draft, { existing, supersedes, statement })
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

interface Known {
  existing: StoredRecord | undefined
  supersedes: unknown
  statement: Statement
}

/** Fields that follow from the bytes, and references; an owner's edit does not change these. */
const factNames = ['infoHashV1', 'infoHashV2', 'name', 'sizeBytes', 'pieceLengthBytes', 'fileCount'] as const
const stored = ['datasets', 'metainfo', 'metainfoParts', 'metainfoUrls', 'supersedes', 'createdAt', '$type']

async function describeTorrent(
  draft: TorrentDraft,
  { existing, supersedes, statement }: Known,
): Promise<RecordJson> {
  const said = { ...saidOf(draft), ...draft.about }
  const { record } = await mergeTorrent(existing, said, statement)
  return {
    datasets: mergeRefs((existing?.value.datasets ?? []) as RecordRef[], draft.datasets),
    ...(draft.infoHashV1 && { infoHashV1: draft.infoHashV1 }),
    ...(draft.infoHashV2 && { infoHashV2: draft.infoHashV2 }),
    name: draft.name,
    sizeBytes: draft.sizeBytes,
    pieceLengthBytes: draft.pieceLengthBytes,
    fileCount: draft.fileCount,
    ...record,
    ...(supersedes ? { supersedes } : {}),
    createdAt: existing?.value.createdAt ?? new Date().toISOString(),
  }
}

/** The fields of a draft that a `.torrent` says itself. */
export function factsOf({
  infoHashV1,
  infoHashV2,
  name,
  sizeBytes,
  pieceLengthBytes,
  fileCount,
}: Pick<TorrentDraft, (typeof factNames)[number]>) {
  return { infoHashV1, infoHashV2, name, sizeBytes, pieceLengthBytes, fileCount }
}

/** The fields of a torrent that do not follow from its bytes: where it is announced and served. */
export function saidOf({ trackers, webseeds }: Pick<TorrentDraft, 'trackers' | 'webseeds'>): RecordJson {
  return { ...(trackers.length > 0 && { trackers }), ...(webseeds.length > 0 && { webseeds }) }
}

/**
 * The fields of a record that people write, merged with the new statement. An earlier statement holds until the field
 * is stated again.
 */
export async function mergeTorrent(
  existing: StoredRecord | undefined,
  said: RecordJson,
  { source, states, replaceFields }: Statement,
): Promise<{ record: RecordJson; notes: MergeNotes }> {
  const { supersedes: _, ...incoming } = said
  const written: readonly string[] = [...factNames, ...stored]
  const current = Object.fromEntries(
    Object.entries(existing?.value ?? {}).filter(([name]) => !written.includes(name)),
  )
  if (!existing || replaceFields) {
    const { trackers: _trackers, webseeds: _webseeds, ...rest } = current
    return { record: { ...rest, ...incoming }, notes: {} }
  }
  const base = (await remembered(states, existing.uri, source))?.said
  const merged = mergeRecord({ base, current, incoming, isPartial: true })
  return { record: merged.record, notes: notesOf(merged) }
}

function mergeRefs(existing: readonly RecordRef[], wanted: readonly RecordRef[]): RecordRef[] {
  const others = existing.filter(({ uri }) => !wanted.some((ref) => ref.uri === uri))
  return [...others, ...wanted.map(({ uri, cid }) => ({ uri, cid }))]
}
