import { counted } from '@holdfast/runtime/counted'
import { CommandError } from '../../command-error.ts'
import { decodeName } from '../addresses.ts'
import { inParallel } from '../in-parallel.ts'
import type { RemoteFile } from '../remote-file.ts'
import type { WebAnswer } from '../web.ts'
import { linksOf } from './html-links.ts'
import type { Found, Source, SourceOptions } from './source.ts'

/** A site with more directories than this below one address is taken for one that never ends. */
const maxDirectories = 50_000
const maxSkipped = 1000

interface Directory {
  readonly url: URL
  readonly path: readonly string[]
}

/**
 * A directory listing as web servers write it: Apache, nginx (HTML and JSON), Caddy, lighttpd, Python, and any page whose
 * links lead to what is directly below it. It is read recursively, and nothing above or beside it.
 */
export const listing: Source = {
  async read(_url, first, options) {
    if (first?.status !== 200 || !first.url.pathname.endsWith('/') || !isListing(first)) return undefined
    return readTree(first, options)
  },
}

async function readTree(first: WebAnswer, options: SourceOptions): Promise<Found> {
  const root = bare(first.url)
  const files: RemoteFile[] = []
  const skipped: { url: string; reason: string }[] = []
  /** The directories. */
  const seen = new Set([root.href])
  const skip = (address: string, reason: string) => {
    if (skipped.length < maxSkipped) skipped.push({ url: address, reason })
  }
  let level: Directory[] = [{ url: root, path: [] }]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > options.maxDepth)
      throw new CommandError(
        'failure',
        `${level[0]!.url} is more than ${counted(options.maxDepth, 'directory', 'directories')} below ${root}, perhaps in a loop; leave it out with --exclude, or raise --max-depth.`,
      )
    const next: Directory[] = []
    await inParallel(level, options.connections, async (directory) => {
      const answer = depth === 0 ? first : await options.web.get(directory.url.href, 'text/html, */*;q=0.5')
      if (answer.status !== 200) return skip(directory.url.href, `the server answers ${answer.status}`)
      if (bare(answer.url).href !== directory.url.href || !isListing(answer))
        return skip(directory.url.href, 'it is no directory listing')
      const here = new Set<string>()
      for (const child of childrenOf(answer, directory.url)) {
        if (here.has(child.href) || seen.has(child.href)) continue
        here.add(child.href)
        const segment = child.pathname.slice(directory.url.pathname.length).replace(/\/$/, '')
        const name = decodeName(segment)
        if (name === undefined) {
          skip(child.href, 'no file can have this name')
          continue
        }
        const path = [...directory.path, name]
        const reason = options.isExcluded(path)
        if (reason !== undefined) {
          if (reason !== '') skip(child.href, reason)
        } else if (!child.pathname.endsWith('/')) files.push({ url: child.href, name })
        else {
          seen.add(child.href)
          next.push({ url: child, path })
        }
      }
      options.onFound(files.length)
      if (files.length > options.maxFiles) throw tooMany(root, options.maxFiles)
      if (seen.size > maxDirectories)
        throw new CommandError(
          'failure',
          `${root} has more than ${counted(maxDirectories, 'directory', 'directories')}.`,
        )
    })
    level = next
  }
  return { files, root, skipped }
}

export function tooMany(place: URL, maxFiles: number): CommandError {
  return new CommandError(
    'failure',
    `${place} lists more than ${counted(maxFiles, 'file')}. Begin at a directory below it, leave some out with --exclude, or raise --max-files.`,
  )
}

function isListing({ headers, text }: WebAnswer): boolean {
  const type = headers.get('content-type') ?? ''
  return /html/i.test(type) ? /<a\s/i.test(text) : /json/i.test(type) && /^\s*\[/.test(text)
}

/** The addresses directly below a directory that its listing links to; links for sorting it are none of them. */
function* childrenOf(answer: WebAnswer, directory: URL): Generator<URL> {
  for (const link of namesOf(answer)) {
    const url = URL.parse(link, answer.url.href)
    if (!url || url.origin !== directory.origin || url.search) continue
    url.hash = ''
    if (!url.pathname.startsWith(directory.pathname)) continue
    if (/^[^/]+\/?$/.test(url.pathname.slice(directory.pathname.length))) yield url
  }
}

function* namesOf({ headers, text }: WebAnswer): Generator<string> {
  if (!/json/i.test(headers.get('content-type') ?? '')) return yield* linksOf(text)
  // `autoindex_format json` of nginx, and `browse` of Caddy.
  let entries: unknown
  try {
    entries = JSON.parse(text)
  } catch {
    return
  }
  for (const entry of Array.isArray(entries) ? entries : []) {
    const { name, type, is_dir: isDirectory } = (entry ?? {}) as Record<string, unknown>
    if (typeof name !== 'string') continue
    const isFolder = type === 'directory' || isDirectory === true
    yield `./${encodeURIComponent(name.replace(/\/$/, ''))}${isFolder ? '/' : ''}`
  }
}

function bare(url: URL): URL {
  const copy = new URL(url)
  copy.search = ''
  copy.hash = ''
  return copy
}
