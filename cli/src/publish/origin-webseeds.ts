import type { Metainfo, Webseed } from '@holdfast/torrent/metainfo'
import { checkWebseed, type WebseedFetch } from '@holdfast/torrent/webseed'
import { note } from '../output/terminal.ts'
import type { RecordJson } from '../records/repo.ts'

const sampledPieces = 3

/**
 * Finds the dataset's own download addresses that serve this torrent's bytes, to be used as webseeds. They are found by
 * file names and kept only if sampled pieces are correct, because the origin may have changed since.
 */
export async function originWebseeds(
  dataset: RecordJson,
  metainfo: Metainfo,
  fetch: WebseedFetch,
): Promise<Webseed[]> {
  const sources = (dataset.sources ?? []) as { url?: unknown }[]
  const urls = sources
    .map(({ url }) => String(url))
    .filter((url) => /^https?:\/\//i.test(url) && URL.canParse(url))
  const found: Webseed[] = []
  for (const url of candidates(urls, metainfo)) {
    const seed: Webseed = { url, kind: 'bep19' }
    const report = await checkWebseed(metainfo, seed, fetch, { pieces: sampledPieces, timeoutMs: 30_000 })
    if (report.ok) found.push(seed)
    else note(`${url} cannot be used as a webseed: ${report.badPieces[0]?.problem}`)
  }
  return found
}

/** Addresses that end with the file's name; for a directory, the folder under which all its files have an address. */
function candidates(urls: readonly string[], metainfo: Metainfo): string[] {
  if (metainfo.isSingleFile) return urls.filter((url) => pathOf(url).endsWith(`/${metainfo.name}`))
  const paths = new Set<string>()
  for (const { path, symlink } of metainfo.iterateFiles()) {
    if (symlink) continue
    if (paths.size >= urls.length) return []
    paths.add(`/${metainfo.name}/${path.join('/')}`)
  }
  const bases = urls.flatMap((url) => {
    const path = pathOf(url)
    const end = path.lastIndexOf(`/${metainfo.name}/`)
    return end >= 0 && paths.has(path.slice(end))
      ? [{ base: baseOf(url, path.length - end), file: path.slice(end) }]
      : []
  })
  const filesOf = Map.groupBy(bases, ({ base }) => base)
  return [...filesOf]
    .filter(([, found]) => new Set(found.map(({ file }) => file)).size === paths.size)
    .map(([base]) => base)
}

function pathOf(url: string): string {
  const { pathname } = new URL(url)
  try {
    return decodeURIComponent(pathname)
  } catch {
    return pathname
  }
}

/** The address of the folder that contains the torrent's directory; an address that cannot be decoded is not a candidate. */
function baseOf(url: string, tailLength: number): string {
  const { origin } = new URL(url)
  const path = pathOf(url)
  return `${origin}${path
    .slice(0, path.length - tailLength)
    .split('/')
    .map(encodeURIComponent)
    .join('/')}/`
}
