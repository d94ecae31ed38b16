import { fileName } from '../files/save.ts'
import type { RemoteFile } from './remote-file.ts'

/** A torrent that can be made of remote files, whose own addresses are those that BEP 19 makes of its paths. */
export interface RemoteTorrent {
  readonly name: string
  readonly isSingleFile: boolean
  /** The address for `url-list`. */
  readonly webseed: string
  readonly entries: readonly RemoteEntry[]
}

export interface RemoteEntry {
  readonly file: RemoteFile
  readonly path: readonly string[]
}

export interface Placed {
  readonly torrents: readonly RemoteTorrent[]
  /** Files that no torrent can hold, and why. */
  readonly skipped: readonly { readonly url: string; readonly reason: string }[]
  /** How many files have a torrent of their own because no path gives their address. */
  readonly aloneCount: number
}

/**
 * Puts files into torrents by their addresses: those below one directory into one torrent that is named like it, because
 * a client asks a webseed for `base/name/path` (BEP 19). A file whose address is not made from a path (a query, a host
 * without a directory) gets a torrent of its own, for which the address is used as it is. `root` is the directory that
 * was asked for; without it, it is the one that all files share.
 */
export function placeByAddress(files: readonly RemoteFile[], root?: URL): Placed {
  const skipped: { url: string; reason: string }[] = []
  const distinct = [...new Map(files.map((file) => [file.url, file])).values()]
  const alone: RemoteFile[] = []
  const located: Located[] = []
  for (const file of distinct) {
    const path = pathOfAddress(file.url)
    // A repository that names a file otherwise than its address does is believed.
    const isNamed = path?.at(-1) === file.name
    if (path && isNamed && (distinct.length > 1 || root))
      located.push({ file, origin: new URL(file.url).origin, path })
    else alone.push(file)
  }
  const torrents: RemoteTorrent[] = []
  for (const [origin, group] of Map.groupBy(located, ({ origin }) => origin)) {
    const asked = root?.origin === origin ? pathOfAddress(root.href.replace(/\/$/, '')) : undefined
    for (const shared of sharedDirectories(group, asked)) {
      if (shared.directory.length === 0) alone.push(...shared.files.map(({ file }) => file))
      else torrents.push(torrentOf(origin, shared, skipped))
    }
  }
  const isExpected = distinct.length === 1
  return {
    torrents: [...torrents.filter(({ entries }) => entries.length > 0), ...alone.map(torrentOfOne)],
    skipped,
    aloneCount: isExpected ? 0 : alone.length,
  }
}

interface Located {
  readonly file: RemoteFile
  readonly origin: string
  readonly path: readonly string[]
}

interface Shared {
  readonly directory: readonly string[]
  readonly files: readonly Located[]
}

function sharedDirectories(group: readonly Located[], asked: readonly string[] | undefined): Shared[] {
  const directories = group.map(({ path }): readonly string[] => path.slice(0, -1))
  const shared = asked ?? directories.reduce(commonStart)
  if (shared.length > 0) return [{ directory: shared, files: group }]
  // Below a host's root there is no directory to name a torrent by but the first of each path.
  const byFirst = Map.groupBy(group, ({ path }) => (path.length > 1 ? path[0]! : ''))
  return [...byFirst].map(([first, files]) => ({ directory: first === '' ? [] : [first], files }))
}

function torrentOf(
  origin: string,
  { directory, files }: Shared,
  skipped: { url: string; reason: string }[],
): RemoteTorrent {
  const above = directory.slice(0, -1).map((name) => `${encodeURIComponent(name)}/`)
  const paths = new Set<string>()
  const directories = new Set<string>()
  for (const { path } of files)
    for (let end = directory.length + 1; end < path.length; end++)
      directories.add(path.slice(0, end).join('/'))
  const entries: RemoteEntry[] = []
  for (const { file, path } of files) {
    const whole = path.join('/')
    const reason = directories.has(whole)
      ? 'there is a directory of the same name'
      : paths.has(whole)
        ? 'another address has the same path'
        : undefined
    if (reason) skipped.push({ url: file.url, reason })
    else entries.push({ file, path: path.slice(directory.length) })
    paths.add(whole)
  }
  return {
    name: directory.at(-1)!,
    isSingleFile: false,
    webseed: `${origin}/${above.join('')}`,
    entries,
  }
}

function torrentOfOne(file: RemoteFile): RemoteTorrent {
  const name = fileName(file.name, '')
  return { name, isSingleFile: true, webseed: file.url, entries: [{ file, path: [name] }] }
}

function commonStart(a: readonly string[], b: readonly string[]): readonly string[] {
  const end = a.findIndex((name, index) => name !== b[index])
  return end < 0 ? a : a.slice(0, end)
}

/** The names in the path of an address; undefined if BEP 19 could not make this address of them. */
export function pathOfAddress(address: string): string[] | undefined {
  const { pathname, search, hash, username } = new URL(address)
  if (search || hash || username) return undefined
  if (pathname === '/' || pathname === '') return []
  const names: string[] = []
  for (const segment of pathname.slice(1).split('/')) {
    const name = decodeName(segment)
    if (name === undefined) return undefined
    names.push(name)
  }
  return names
}

/** A text without its percent-encoding, or as it is if that is not valid. */
export function decodePercents(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A name of a path, decoded; undefined if no file of a torrent can be called so. */
export function decodeName(segment: string): string | undefined {
  let name: string
  try {
    name = decodeURIComponent(segment)
  } catch {
    return undefined
  }
  return name === '' || name === '.' || name === '..' || /[\p{Cc}\p{Cs}/\\]/u.test(name) ? undefined : name
}

/** The name of a file at an address, if nobody says another one. */
export function nameOfAddress(url: URL): string {
  const last = url.pathname.split('/').at(-1) ?? ''
  return decodeName(last) ?? fileName(last || url.host, '')
}
