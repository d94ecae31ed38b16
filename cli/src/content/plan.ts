import { readlink } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import type { Metainfo, MetainfoFile } from '@holdfast/torrent/metainfo'
import { type VerifyReport, verifyFiles } from '@holdfast/torrent/verify'
import { CommandError } from '../command-error.ts'
import { inTheWay, lookAt, type Parents, parentsUnder, placeInside } from '../files/inside.ts'
import { plain } from '../output/terminal.ts'

/** What a download will do to which paths, decided before a byte is fetched. */
export interface DownloadPlan {
  readonly metainfo: Metainfo
  /** The real path of the directory that all files are under. */
  readonly directory: string
  readonly target: string
  /** The files to fetch, by their path under the target. Files that are not listed are present and correct. */
  readonly wanted: ReadonlyMap<string, WantedFile>
  readonly parents: Parents
  placeOf(file: MetainfoFile): string
  /** The path of a file under the directory, beginning with the torrent's name. */
  pathOf(file: MetainfoFile): readonly string[]
}

export interface WantedFile {
  readonly file: MetainfoFile
  /**
   * What exists at the path: nothing; a file of the user's that may be right in part, and is not touched until the rest
   * is complete; or a file to be replaced.
   */
  readonly there: 'nothing' | 'unsure' | 'replaced'
}

export interface PlanOptions {
  readonly overwrites: boolean
  readonly signal?: AbortSignal | undefined
  readonly onProgress: (progress: { bytesDone: number; bytesTotal: number }) => void
}

/** Looks at what exists on disk. Throws a CommandError that names what is in the way; nothing has been changed by then. */
export async function planDownload(
  metainfo: Metainfo,
  directory: string,
  options: PlanOptions,
): Promise<DownloadPlan> {
  const pathOf = ({ path }: MetainfoFile) =>
    metainfo.isSingleFile ? [metainfo.name] : [metainfo.name, ...path]
  const places = {
    metainfo,
    directory,
    target: placeInside(directory, [metainfo.name]),
    parents: parentsUnder(directory),
    pathOf,
    placeOf: (file: MetainfoFile) => placeInside(directory, pathOf(file)),
  }
  assertDistinct(metainfo)
  const present = await lookAtAll(places)
  const problems = present.size > 0 ? await problemsOf(metainfo, places.target, options) : new Map()
  const wanted = new Map<string, WantedFile>()
  const others: string[] = []
  for (const file of metainfo.iterateFiles()) {
    if (file.symlink) continue
    const path = file.path.join('/')
    if (!present.has(path)) {
      wanted.set(path, { file, there: 'nothing' })
      continue
    }
    const problem = problems.get(path)
    if (problem === undefined) continue
    // A file of the right length, whose pieces also contain other, missing files, may be right.
    const isUnsure = problem === 'unverifiable'
    if (!isUnsure && !options.overwrites) others.push(places.placeOf(file))
    wanted.set(path, { file, there: isUnsure && !options.overwrites ? 'unsure' : 'replaced' })
  }
  if (others.length > 0) throw notTheTorrents(others)
  return { ...places, wanted }
}

/** A CommandError about existing files whose content is not the torrent's. */
export function notTheTorrents(places: readonly string[]): CommandError {
  const named = places.slice(0, 5).map(plain).join(', ')
  const which =
    places.length > 5
      ? `${named} and ${places.length - 5} more are`
      : `${named} ${places.length === 1 ? 'is' : 'are'}`
  return new CommandError(
    'failure',
    `${which} there already with other content than the torrent’s, and stay${places.length === 1 ? 's' : ''} as ${places.length === 1 ? 'it is' : 'they are'}. Choose another --output, or --overwrite to replace them.`,
  )
}

/** Throws if one path is used by two files, or by a file and a directory: they would be written into each other. */
function assertDistinct(metainfo: Metainfo): void {
  const paths = new Set<string>()
  for (const { path } of metainfo.iterateFiles()) {
    const whole = path.join('/')
    if (paths.has(whole)) throw twice(whole)
    paths.add(whole)
  }
  for (const { path } of metainfo.iterateFiles())
    for (let length = 1; length < path.length; length++) {
      const above = path.slice(0, length).join('/')
      if (paths.has(above)) throw twice(above)
    }
}

function twice(path: string): CommandError {
  return new CommandError(
    'failure',
    `The torrent names ${plain(path)} twice, and not as one file; it is not downloaded.`,
  )
}

/**
 * The existing files, by path. A link or directory in the place of a file is a CommandError, and so is a file in the
 * place of a directory above one.
 */
async function lookAtAll(
  places: Pick<DownloadPlan, 'metainfo' | 'placeOf' | 'pathOf' | 'parents' | 'directory'>,
): Promise<Set<string>> {
  const present = new Set<string>()
  for (const file of places.metainfo.iterateFiles()) {
    await places.parents.check(places.pathOf(file))
    const place = places.placeOf(file)
    const found = await lookAt(place)
    if (!found) continue
    if (file.symlink) {
      const isSame = found.isSymbolicLink() && (await readlink(place)) === linkText(places, file)
      if (!isSame) throw inTheWay(place, found)
    } else if (!found.isFile()) throw inTheWay(place, found)
    else present.add(file.path.join('/'))
  }
  return present
}

/** The text of a torrent's symlink on disk: its target under the torrent's root, relative to the link. */
export function linkText(
  { directory, metainfo, placeOf }: Pick<DownloadPlan, 'directory' | 'metainfo' | 'placeOf'>,
  file: MetainfoFile,
): string {
  const target = placeInside(directory, [metainfo.name, ...file.symlink!])
  return relative(dirname(placeOf(file)), target) || '.'
}

async function problemsOf(
  metainfo: Metainfo,
  target: string,
  { signal, onProgress }: PlanOptions,
): Promise<Map<string, VerifyReport['problems'][number]['problem']>> {
  const report = await verifyFiles(metainfo, target, { isRoot: true, ...(signal && { signal }) }, onProgress)
  return new Map(report.problems.map(({ path, problem }) => [path, problem]))
}
