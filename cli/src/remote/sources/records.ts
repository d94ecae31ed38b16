import { counted } from '@holdfast/runtime/counted'
import { CommandError } from '../../command-error.ts'
import { decodePercents } from '../addresses.ts'
import { checksumOf } from '../checksums.ts'
import { look } from '../look.ts'
import type { Checksum, RemoteFile } from '../remote-file.ts'
import { addressOf, getJson, type JsonObject, listOf, objectOf, sizeOf, textOf } from './json.ts'
import type { Found, SourceOptions } from './source.ts'

// Each of these recognizes a record by its address, asks the repository's API for the files, and takes over the checksums
// that it publishes.

/** Reads a record; undefined if the address is none of this repository's software. */
type RecordSource = (url: URL, options: SourceOptions) => Promise<Found | undefined>

/** Zenodo and others that run InvenioRDM: `/records/ID` (InvenioRDM REST API, `/api/records/ID/files`). */
const invenio: RecordSource = async (url, { web }) => {
  const [, before, id] =
    /^(.*?)\/(?:api\/)?records?\/([A-Za-z0-9][\w.-]*)(?:\/files)?\/?$/.exec(url.pathname) ?? []
  if (id === undefined) return undefined
  const site = `${url.origin}${before}`
  const listed = await getJson(web, `${site}/api/records/${id}/files`)
  const entries = listOf(listed?.entries)
  const record = entries.length > 0 ? undefined : await getJson(web, `${site}/api/records/${id}`)
  if (!record && entries.length === 0) return undefined
  const files: RemoteFile[] = []
  for (const entry of [...entries, ...listOf(record?.files)]) {
    const name = textOf(entry.key)
    const links = objectOf(entry.links)
    const content = addressOf(links.content) ?? addressOf(links.self)
    if (name === undefined || content === undefined) continue
    const [algorithm = '', hex = ''] = (textOf(entry.checksum) ?? '').split(':')
    const checksums = given(checksumOf(algorithm, hex, 'InvenioRDM'))
    files.push({ url: content, name, sizeBytes: sizeOf(entry.size), checksums })
  }
  return { files: await withPaths(files, `${site}/records/${id}/files/`, web), skipped: [] }
}

/** The site serves files under paths, too, which let all of them share a torrent; an installation may not. */
async function withPaths(
  files: readonly RemoteFile[],
  base: string,
  web: SourceOptions['web'],
): Promise<RemoteFile[]> {
  const moved = files.map((file) => ({ ...file, url: `${base}${encodeURIComponent(file.name)}` }))
  const [first] = moved
  if (!first || files.length === 1) return [...files]
  const seen = await look(first, web)
  return 'known' in seen ? moved : [...files]
}

/** Dataverse: `/dataset.xhtml?persistentId=doi:…` (native API, `/api/datasets/:persistentId`). */
const dataverse: RecordSource = async (url, { web }) => {
  const id = url.searchParams.get('persistentId')
  if (id === null || !/\/(?:dataset\.xhtml|api\/datasets\/:persistentId\/?)$/.test(url.pathname))
    return undefined
  const site = `${url.origin}${url.pathname.replace(/\/(?:dataset\.xhtml|api\/.*)$/, '')}`
  const answer = await getJson(
    web,
    `${site}/api/datasets/:persistentId/?persistentId=${encodeURIComponent(id)}`,
  )
  if (!answer) return undefined
  const skipped: { url: string; reason: string }[] = []
  const files = listOf(objectOf(objectOf(answer.data).latestVersion).files).flatMap((entry): RemoteFile[] => {
    const data = objectOf(entry.dataFile)
    if (typeof data.id !== 'number') return []
    // A table that Dataverse converted has the size and checksum of the file that was uploaded, which is `original`.
    const isConverted = textOf(data.originalFileFormat) !== undefined
    const address = `${site}/api/access/datafile/${data.id}${isConverted ? '?format=original' : ''}`
    const name =
      (isConverted ? textOf(data.originalFileName) : undefined) ??
      textOf(entry.label) ??
      textOf(data.filename)
    if (entry.restricted === true) {
      skipped.push({ url: address, reason: 'it is restricted' })
      return []
    }
    const checksum = objectOf(data.checksum)
    const stated = checksumOf(
      textOf(checksum.type) ?? 'md5',
      textOf(checksum.value) ?? textOf(data.md5) ?? '',
      'Dataverse',
    )
    const sizeBytes = sizeOf(isConverted ? data.originalFileSize : data.filesize)
    return [{ url: address, name: name ?? String(data.id), sizeBytes, checksums: given(stated) }]
  })
  return { files, skipped }
}

/** CKAN: `/dataset/NAME` (Action API, `package_show`). */
const ckan: RecordSource = async (url, { web }) => {
  const [, before, id] = /^(.*)\/dataset\/([\w.-]+)\/?$/.exec(url.pathname) ?? []
  const isApi = /\/api\/(?:3\/)?action\/package_show$/.test(url.pathname)
  if (id === undefined && !isApi) return undefined
  const address = isApi
    ? url.href
    : `${url.origin}${before}/api/3/action/package_show?id=${encodeURIComponent(id!)}`
  const answer = await getJson(web, address)
  if (answer?.success !== true) return undefined
  const files = listOf(objectOf(answer.result).resources).flatMap((resource): RemoteFile[] => {
    const location = addressOf(resource.url)
    if (location === undefined) return []
    const last = decodePercents(new URL(location).pathname.split('/').at(-1) ?? '')
    return [
      {
        url: location,
        name: last || (textOf(resource.name) ?? 'resource'),
        checksums: given(ckanChecksum(resource)),
      },
    ]
  })
  return { files, skipped: [] }
}

/** The `hash` of a resource is hex, with the algorithm before a colon, in `hash_algorithm`, or to be told by its length. */
function ckanChecksum(resource: JsonObject): Checksum | undefined {
  const hash = textOf(resource.hash)
  if (hash === undefined) return undefined
  const [, prefix, hex = ''] = /^(?:([\w-]+):)?([0-9a-f]+)$/i.exec(hash.trim()) ?? []
  const byLength: Readonly<Record<number, string>> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' }
  return checksumOf(prefix ?? textOf(resource.hash_algorithm) ?? byLength[hex.length] ?? '', hex, 'CKAN')
}

/** figshare: `/articles/…/ID` (REST API, `/v2/articles/ID`). */
const figshare: RecordSource = async (url, { web }) => {
  const isSite = /(?:^|\.)figshare\.com$/.test(url.hostname)
  const [, id] =
    /^\/v2\/articles\/(\d+)(?:\/files)?\/?$/.exec(url.pathname) ??
    (isSite ? (/^\/articles\/.*?\/(\d+)(?:\/\d+)?\/?$/.exec(url.pathname) ?? []) : [])
  if (id === undefined) return undefined
  const api = url.pathname.startsWith('/v2/') ? url.origin : 'https://api.figshare.com'
  const answer = await getJson(web, `${api}/v2/articles/${id}`)
  if (!answer) return undefined
  const files = listOf(answer.files).flatMap((entry): RemoteFile[] => {
    const location = addressOf(entry.download_url)
    if (location === undefined || entry.is_link_only === true) return []
    const md5 = textOf(entry.computed_md5) ?? textOf(entry.supplied_md5) ?? ''
    const checksums = given(checksumOf('md5', md5, 'figshare'))
    return [{ url: location, name: textOf(entry.name) ?? 'file', sizeBytes: sizeOf(entry.size), checksums }]
  })
  return { files, skipped: [] }
}

const recordSources: readonly RecordSource[] = [invenio, dataverse, ckan, figshare]

/** The files of a repository's record; undefined if the address is none that is known. */
export async function readRecord(url: URL, options: SourceOptions): Promise<Found | undefined> {
  for (const source of recordSources) {
    const all = await source(url, options)
    if (!all) continue
    const found = { ...all, files: all.files.filter(({ name }) => options.isExcluded([name]) === undefined) }
    if (found.files.length === 0)
      throw new CommandError('notFound', `The record at ${url} has no files that anybody may download.`)
    if (found.files.length > options.maxFiles)
      throw new CommandError(
        'failure',
        `The record at ${url} has more than ${counted(options.maxFiles, 'file')}; raise --max-files.`,
      )
    return found
  }
  return undefined
}

function given<Value>(value: Value | undefined): Value[] {
  return value === undefined ? [] : [value]
}
