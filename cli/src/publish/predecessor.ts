import { collections } from '@holdfast/lexicons/nsid'
import type { Metainfo } from '@holdfast/torrent/metainfo'
import { verifyFiles } from '@holdfast/torrent/verify'
import type { Connections, SignedIn } from '../connections.ts'
import { fetchRecordMetainfo } from '../content/record-metainfo.ts'
import { isAddress } from '../is-address.ts'
import { warn } from '../output/terminal.ts'
import type { RecordRef, StoredRecord } from '../records/repo.ts'
import type { PublishedPlace } from './published-paths.ts'

/** Files that were made into a torrent, and the dataset that they are published for. */
export interface Successor {
  readonly place: PublishedPlace
  readonly metainfo: Metainfo
}

/**
 * The record that a new torrent replaces: one made from the same path for the same dataset, of which a file has changed
 * since. A name alone proves nothing: `2023/readings.csv` and `2024/readings.csv` exist side by side, and so do two
 * forms (v1, hybrid) of the same bytes.
 */
export async function findPredecessor(
  connections: Connections,
  { repo }: SignedIn,
  { place, metainfo }: Successor,
): Promise<RecordRef | undefined> {
  const known = await (await connections.published()).latest(place)
  const records: StoredRecord[] = []
  for (const uri of known) {
    const record = await repo.get(collections.torrent, uri.split('/').at(-1)!)
    if (record && holds(record, place.dataset)) records.push(record)
  }
  // A v1 torrent preferably replaces a v1 torrent.
  records.sort((a, b) => Number(sameForm(b, metainfo)) - Number(sameForm(a, metainfo)))
  for (const { uri, cid } of records) {
    try {
      const before = (await fetchRecordMetainfo(connections, uri)).metainfo
      if (await differs(before, metainfo, place.path)) return { uri, cid }
      return undefined
    } catch (error) {
      warn(
        `${uri} was made from the same path, but cannot be compared (${(error as Error).message}); use --supersedes to say that this torrent replaces it.`,
      )
      return undefined
    }
  }
  return undefined
}

/** Warns about a torrent of this name that was made elsewhere: only its author knows whether it is an older version. */
export async function tellOfNamesake(
  { repo }: SignedIn,
  { place, metainfo }: Successor,
  siblings: readonly string[],
): Promise<void> {
  for await (const record of repo.list(collections.torrent))
    if (
      record.value.name === metainfo.name &&
      holds(record, place.dataset) &&
      !isOf(record, metainfo) &&
      !siblings.includes(record.uri)
    )
      warn(
        `${record.uri} is also published for this dataset, under the same name. If this torrent is its new version, publish it with --supersedes ${record.uri}.`,
      )
}

function holds({ value }: StoredRecord, dataset: string): boolean {
  return ((value.datasets ?? []) as RecordRef[]).some(({ uri }) => uri === dataset)
}

function isOf({ rkey }: StoredRecord, { infoHashV1, infoHashV2 }: Metainfo): boolean {
  return rkey === infoHashV1 || rkey === infoHashV2
}

function sameForm({ value }: StoredRecord, { infoHashV1, infoHashV2 }: Metainfo): boolean {
  return (
    (value.infoHashV1 === undefined) === (infoHashV1 === null) &&
    (value.infoHashV2 === undefined) === (infoHashV2 === null)
  )
}

/** Whether any file is new, missing or different, whatever form the two torrents have. */
async function differs(before: Metainfo, after: Metainfo, path: string): Promise<boolean> {
  const [filesBefore, filesAfter] = [contentOf(before), contentOf(after)]
  if (filesBefore.size !== filesAfter.size) return true
  let isKnown = true
  for (const [name, file] of filesAfter) {
    const old = filesBefore.get(name)
    if (!old || old.sizeBytes !== file.sizeBytes || old.link !== file.link) return true
    if (file.sizeBytes === 0) continue
    if (old.root === null || file.root === null) isKnown = false
    else if (old.root !== file.root) return true
  }
  // Remote files would have to be read again. Of two v1 torrents the infohashes tell; of two forms, nothing does.
  if (!isKnown && isAddress(path))
    return before.infoHashV2 === null && after.infoHashV2 === null && before.infoHashV1 !== after.infoHashV1
  // If either torrent lacks a hash of each file, the files on disk are compared with the old torrent.
  return !isKnown && !(await verifyFiles(before, path, { isRoot: true })).ok
}

function contentOf(metainfo: Metainfo) {
  const files = new Map<string, { sizeBytes: number; root: string | null; link: string | undefined }>()
  for (const { path, sizeBytes, piecesRoot, symlink } of metainfo.iterateFiles())
    files.set(path.join('/'), { sizeBytes, root: piecesRoot, link: symlink?.join('/') })
  return files
}
