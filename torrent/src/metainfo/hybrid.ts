import type { FileEntry } from './file-entry.ts'
import { MetainfoError } from './metainfo-error.ts'
import { distinctPaths } from './path-collisions.ts'

/**
 * Checks that the v1 list and the v2 tree of a hybrid torrent have the same files at the same offsets, as BEP 52 requires
 * ("Upgrade path"). Returns the size with padding in bytes; throws MetainfoError.
 *
 * The tree implies a pad file after every file that ends inside a piece; the list states pad files explicitly, and may omit
 * the last one. Empty files are compared only by their position.
 */
export function assertSameFiles(
  walkV1: () => Generator<FileEntry>,
  walkV2: () => Generator<FileEntry>,
  { pieceLengthBytes, maxFiles }: { pieceLengthBytes: number; maxFiles: number },
): number {
  const inListOnce = distinctPaths(walkV1, { field: 'info.files', maxEntries: maxFiles * 2 })
  const v1 = describe(inListOnce, maxFiles * 2)
  const v2 = describe(withPads(walkV2(), pieceLengthBytes), maxFiles * 2)
  const dropped = v2.count === v1.count + 1 && v2.lastIsPad ? v2.lastIndex : -1
  if (v2.count - (dropped >= 0 ? 1 : 0) !== v1.count) throw disagreement('a different number of files')

  const list = walkV1()
  const offsets = { v1: 0, v2: 0 }
  let index = 0
  for (const inTree of withPads(walkV2(), pieceLengthBytes)) {
    if (index++ === dropped) continue
    const inList = list.next().value as FileEntry
    assertSameEntry(inList, inTree, offsets.v1 === offsets.v2)
    offsets.v1 += inList.sizeBytes
    offsets.v2 += inTree.sizeBytes
  }
  if (offsets.v1 !== offsets.v2) throw disagreement('different sizes in all')
  return offsets.v1
}

function assertSameEntry(inList: FileEntry, inTree: FileEntry, isSameOffset: boolean): void {
  const names = () => `${inList.path.join('/')} and ${inTree.path.join('/')}`
  if (isContent(inList) !== isContent(inTree)) throw disagreement(`${names()} share a place`)
  if (!isContent(inList)) return
  if (inList.sizeBytes !== inTree.sizeBytes) throw disagreement(`${names()} differ in size`)
  if (!isSameOffset) throw disagreement(`${names()} start at different offsets`)
  if (!isSamePath(inList.path, inTree.path)) throw disagreement(`${names()} share a place`)
}

function isSamePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((element, i) => element === b[i])
}

function disagreement(what: string): MetainfoError {
  return new MetainfoError('info.files', `does not agree with info.file tree: ${what}`)
}

function isContent(file: FileEntry): boolean {
  return !file.isPad && file.sizeBytes > 0
}

/** Counts the entries and finds the last one that is not empty. */
function describe(files: Iterable<FileEntry>, maxEntries: number) {
  let count = 0
  let lastIndex = -1
  let lastIsPad = false
  for (const { sizeBytes, isPad } of files) {
    if (sizeBytes > 0) {
      lastIndex = count
      lastIsPad = isPad
    }
    if (++count > maxEntries) throw new MetainfoError('info.files', `more than ${maxEntries} entries`)
  }
  return { count, lastIndex, lastIsPad }
}

function* withPads(files: Generator<FileEntry>, pieceLengthBytes: number): Generator<FileEntry> {
  for (const file of files) {
    yield file
    const sizeBytes = -file.sizeBytes & (pieceLengthBytes - 1)
    if (sizeBytes > 0)
      yield {
        path: ['.pad', String(sizeBytes)],
        sizeBytes,
        attributes: '',
        isPad: true,
        symlink: null,
        piecesRoot: null,
      }
  }
}
