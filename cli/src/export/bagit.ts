import { createHash } from 'node:crypto'
import type { defs } from '@holdfast/lexicons'
import type { DescribedDataset } from '@holdfast/lexicons/vocabularies/described-dataset'
import { identifierText } from '@holdfast/lexicons/vocabularies/identifiers'
import { fileName } from '../files/save.ts'

/**
 * The tag files of a BagIt bag for a dataset (RFC 8493), by file name: `bag-info.txt`, and `fetch.txt` and the manifest
 * with the sources whose SHA-256 is known. The payload is not included; `fetch.txt` says where to get it.
 */
export function toBagTagFiles(dataset: DescribedDataset): Map<string, string> {
  const payload = payloadOf(dataset.record.sources ?? [])
  const files = new Map([
    ['bagit.txt', 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n'],
    ['bag-info.txt', infoOf(dataset, payload)],
    ['manifest-sha256.txt', payload.map(({ sha256, path }) => `${sha256}  ${escapePath(path)}\n`).join('')],
    [
      'fetch.txt',
      payload.map(({ url, sizeBytes, path }) => `${url} ${sizeBytes ?? '-'} ${escapePath(path)}\n`).join(''),
    ],
  ])
  if (payload.length === 0) files.delete('fetch.txt')
  const sums = [...files].map(
    ([name, text]) => `${createHash('sha256').update(text).digest('hex')}  ${name}\n`,
  )
  return files.set('tagmanifest-sha256.txt', sums.join(''))
}

interface Fetchable {
  readonly url: string
  readonly sha256: string
  readonly sizeBytes: number | undefined
  /** The path in the bag, beginning with `data/`; it differs from every other on any file system. */
  readonly path: string
}

/**
 * Every file in `fetch.txt` must be in the manifest, so only sources with a checksum can be listed. Each path is
 * written once: several addresses of the same bytes under the same name are mirrors, and the first is listed; other
 * files of the same name get a number.
 */
function payloadOf(sources: readonly defs.Source[]): Fetchable[] {
  const taken = new Map<string, string>()
  return sources.flatMap(({ url, checksums, sizeBytes }) => {
    const address = URL.parse(url)
    const sha256 = checksums?.find(({ algorithm }) => algorithm === 'sha-256')?.value.toLowerCase()
    if (!address || !/^(https?|ftp):$/.test(address.protocol) || !/^[0-9a-f]{64}$/.test(sha256 ?? ''))
      return []
    const name = nameIn(address)
    for (let number = 1; ; number++) {
      const path = `data/${number === 1 ? name : numbered(name, number)}`
      const other = taken.get(fold(path))
      if (other === sha256) return []
      if (other !== undefined) continue
      taken.set(fold(path), sha256!)
      // `href` contains no white space, which would end the address in `fetch.txt`.
      return [{ url: address.href, sha256: sha256!, sizeBytes, path }]
    }
  })
}

/** The file name in the address, in a form that is safe on disk. */
function nameIn({ pathname, hostname }: URL): string {
  const last = pathname.split('/').findLast((part) => part !== '') ?? hostname
  try {
    return fileName(decodeURIComponent(last), '')
  } catch {
    return fileName(last, '')
  }
}

/** Inserts a number into a file name: `levels.csv` becomes `levels-2.csv`. */
function numbered(name: string, number: number): string {
  const [, stem, ending] = /^(.+?)((?:\.[A-Za-z0-9]{1,8}){0,2})$/s.exec(name) ?? [undefined, name, '']
  return fileName(stem ?? name, `-${number}${ending ?? ''}`)
}

/** The common form of names that are equal where case or Unicode forms are not distinguished (RFC 8493, section 5.2). */
function fold(path: string): string {
  return path.normalize('NFC').toUpperCase().toLowerCase()
}

/** Line breaks and per cent signs in paths are escaped, and nothing else is (RFC 8493, section 2.1.3). */
function escapePath(path: string): string {
  return path.replace(
    /[\r\n%]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

function infoOf(
  { uri, record, description, torrents }: DescribedDataset,
  payload: readonly Fetchable[],
): string {
  const isSized = payload.every(({ sizeBytes }) => sizeBytes !== undefined)
  const octets = payload.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)
  const info: [string, string | undefined][] = [
    ['Source-Organization', record.publisher?.name ?? record.publisher?.url],
    ...(record.contacts ?? []).flatMap(({ name, email }): [string, string | undefined][] => [
      ['Contact-Name', name],
      ['Contact-Email', email],
    ]),
    ['Title', record.title],
    ['External-Description', description ?? record.description],
    ...(record.identifiers ?? []).map(({ scheme, value }): [string, string] => [
      'External-Identifier',
      identifierText(scheme, value),
    ]),
    ['External-Identifier', uri],
    ['Bagging-Date', dayOf(record.createdAt)],
    // This is the size of the complete bag, so it is stated only if the size of every file is known.
    ['Payload-Oxum', isSized ? `${octets}.${payload.length}` : undefined],
    ...(record.sources ?? []).map(({ url }): [string, string] => ['Holdfast-Source', url]),
    ...torrents.map(({ magnet }): [string, string] => ['Holdfast-Magnet', magnet]),
  ]
  return info.flatMap(([label, value]) => (value?.trim() ? [`${label}: ${foldLines(value)}\n`] : [])).join('')
}

function dayOf(datetime: string): string | undefined {
  const ms = Date.parse(datetime)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().slice(0, 10)
}

/** A value of several lines goes on where white space begins a line (RFC 8493, section 2.2.2). */
function foldLines(value: string): string {
  return value
    .trim()
    .split(/\s*(?:\r\n|\r|\n)\s*/)
    .join('\n  ')
}
