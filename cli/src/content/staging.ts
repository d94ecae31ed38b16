import { constants } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metainfo, MetainfoFile } from '@holdfast/torrent/metainfo'
import { verifyFiles } from '@holdfast/torrent/verify'
import { type PieceSpan, spansOfPieces } from '@holdfast/torrent/webseed/spans'
import { CommandError } from '../command-error.ts'
import { inTheWay, lookAt, openOwn, parentsUnder, placeInside } from '../files/inside.ts'
import { fileName } from '../files/save.ts'
import { shortHash } from '../files/save-torrent.ts'
import type { DownloadPlan, PlanOptions } from './plan.ts'

/** A `.part`: the wanted files of a torrent at their full size, into which only correct pieces are written. */
export interface Staging {
  readonly root: string
  /** Pieces that are not there yet, or not correct. */
  readonly missing: ReadonlySet<number>
  readonly missingBytes: number
  /** Resolves to how many bytes of wanted files were written. */
  write(span: PieceSpan, content: Uint8Array): Promise<number>
}

/** Opens the `.part` that an earlier run left, or creates one. */
export async function openStaging(
  plan: DownloadPlan,
  { signal, onProgress }: Pick<PlanOptions, 'signal' | 'onProgress'>,
): Promise<Staging> {
  const { metainfo, wanted } = plan
  const root = stagingRoot(plan)
  await prepare(plan, root)
  const missing = await missingPieces(plan, root, { signal, onProgress })
  let missingBytes = 0
  for (const { parts } of spansOfPieces(metainfo, missing))
    for (const { file, length } of parts) if (wanted.has(file.path.join('/'))) missingBytes += length
  return {
    root,
    missing,
    missingBytes,
    async write({ parts }, content) {
      let [at, written] = [0, 0]
      for (const { file, from, length } of parts) {
        if (wanted.has(file.path.join('/'))) {
          await using handle = await openOwn(placeInside(root, stagedPath(metainfo, file)))
          await handle.write(content, at, length, from)
          written += length
        }
        at += length
      }
      return written
    },
  }
}

/** The path of a file under the staging root; for a single-file torrent, the file's name. */
export function stagedPath({ isSingleFile, name }: Metainfo, { path }: MetainfoFile): readonly string[] {
  return isSingleFile ? [name] : [name, ...path]
}

/** The staging directory of this torrent alone, so that two torrents of one name never share it. */
function stagingRoot({ metainfo, directory }: DownloadPlan): string {
  return placeInside(directory, [fileName(metainfo.name, `.${shortHash(metainfo)}.part`)])
}

async function prepare(plan: DownloadPlan, root: string): Promise<void> {
  const { metainfo, wanted } = plan
  await mkdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const found = await lookAt(root)
  if (!found?.isDirectory()) throw inTheWay(root, found!)
  const parents = parentsUnder(root)
  const inodes = new Map<string, string>()
  for (const [path, { file, there }] of wanted) {
    await parents.make(stagedPath(metainfo, file))
    const place = placeInside(root, stagedPath(metainfo, file))
    // A file that may be right in part is copied, so that its correct pieces need not be fetched.
    if (there !== 'nothing' && !(await lookAt(place)))
      await copyFile(plan.placeOf(file), place, constants.COPYFILE_EXCL)
    await using handle = await openOwn(place)
    const { size, dev, ino } = await handle.stat({ bigint: true })
    const [key, other] = [`${dev}:${ino}`, inodes.get(`${dev}:${ino}`)]
    if (other !== undefined)
      throw new CommandError(
        'failure',
        `${path} and ${other} are one file on this file system, which does not tell their names apart; download to another one.`,
      )
    inodes.set(key, path)
    if (size !== BigInt(file.sizeBytes)) await handle.truncate(file.sizeBytes)
  }
}

async function missingPieces(
  { metainfo, wanted }: DownloadPlan,
  root: string,
  { signal, onProgress }: Pick<PlanOptions, 'signal' | 'onProgress'>,
): Promise<Set<number>> {
  const place = join(root, metainfo.name)
  const report = await verifyFiles(metainfo, place, { isRoot: true, ...(signal && { signal }) }, onProgress)
  const bad = new Set<number>()
  for (const { first, last } of report.badPieces)
    for (let piece = first; piece <= last; piece++) bad.add(piece)
  const missing = new Set<number>()
  for (const { piece, parts } of spansOfPieces(metainfo, bad))
    if (parts.some(({ file }) => wanted.has(file.path.join('/')))) missing.add(piece)
  return missing
}
