import { CommandError } from '../../command-error.ts'
import { decodeName } from '../addresses.ts'
import { checksumOf } from '../checksums.ts'
import type { Checksum, RemoteFile } from '../remote-file.ts'
import { linksOf } from './html-links.ts'
import { tooMany } from './listing.ts'
import type { Source, SourceOptions } from './source.ts'

/** The algorithms of RFC 8493 and those that bags in the wild have. */
const algorithms = ['sha512', 'sha256', 'sha1', 'md5']

/** A BagIt bag on a web server (RFC 8493): its manifests say which files it has, whether or not the server lists them. */
export const bag: Source = {
  async read(url, first, options) {
    const isNamed = url.pathname.endsWith('/bagit.txt')
    if (!isNamed && !url.pathname.endsWith('/')) return undefined
    const root = new URL('./', url)
    if (
      !isNamed &&
      first?.status === 200 &&
      ![...linksOf(first.text)].some((link) => /^(?:\.\/)?bagit\.txt$/.test(link))
    )
      return undefined
    const declaration = await options.web.get(new URL('bagit.txt', root).href, 'text/plain')
    if (declaration.status !== 200 || !declaration.text.startsWith('BagIt-Version:')) return undefined
    return { ...(await readBag(root, options)), root }
  },
}

async function readBag(root: URL, options: SourceOptions) {
  const checksums = new Map<string, Checksum[]>([['bagit.txt', []]])
  const skipped: { url: string; reason: string }[] = []
  for (const algorithm of algorithms)
    for (const kind of ['manifest', 'tagmanifest']) {
      const name = `${kind}-${algorithm}.txt`
      const answer = await options.web.get(new URL(name, root).href, 'text/plain')
      if (answer.status !== 200) continue
      if (!checksums.has(name)) checksums.set(name, [])
      for (const [, hex = '', written = ''] of answer.text.matchAll(/^([0-9a-f]+)[ \t]+\*?(.+?)\r?$/gim)) {
        const path = decodePath(written)
        const checksum = checksumOf(algorithm, hex, name)
        if (!isPath(path) || !checksum)
          skipped.push({ url: `${root}${name}`, reason: `its line ${hex} ${written} is not valid` })
        else if (options.isExcluded(path.split('/')) === undefined)
          checksums.set(path, [...(checksums.get(path) ?? []), checksum])
        if (checksums.size > options.maxFiles) throw tooMany(root, options.maxFiles)
      }
    }
  if (![...checksums.keys()].some((path) => path.startsWith('data/')))
    throw new CommandError('failure', `The bag at ${root} has no manifest of its files.`)
  const elsewhere = await readFetchList(root, options)
  const files = [...checksums].map(([path, stated]): RemoteFile => {
    const url = elsewhere.get(path) ?? `${root}${path.split('/').map(encodeURIComponent).join('/')}`
    return { url, name: path.split('/').at(-1)!, checksums: stated }
  })
  return { files, skipped }
}

/** The files that the bag leaves at other addresses (`fetch.txt`). */
async function readFetchList(root: URL, { web }: SourceOptions): Promise<Map<string, string>> {
  const { status, text } = await web.get(new URL('fetch.txt', root).href, 'text/plain')
  const found = new Map<string, string>()
  if (status !== 200) return found
  for (const [, url = '', path = ''] of text.matchAll(/^(\S+)[ \t]+(?:\d+|-)[ \t]+(.+?)\r?$/gm))
    if (/^https?:/i.test(url) && URL.canParse(url)) found.set(decodePath(path), new URL(url).href)
  return found
}

/** In a manifest, only line ends and the percent sign are encoded (RFC 8493, section 2.1.3). */
function decodePath(written: string): string {
  return written
    .replace(/^\.\//, '')
    .replace(/%(0A|0D|25)/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
}

function isPath(path: string): boolean {
  return path.split('/').every((name) => decodeName(encodeURIComponent(name)) !== undefined)
}
