import type { defs } from '@holdfast/lexicons'
import type { DescribedDataset } from '@holdfast/lexicons/vocabularies/described-dataset'
import { identifierText } from '@holdfast/lexicons/vocabularies/identifiers'

/**
 * The tag files of a bag for a dataset (RFC 8493), by file name: `bag-info.txt`, and the sources whose SHA-256 is known in
 * `fetch.txt` and the manifest. The payload is for whoever fetches it.
 */
export function toBagTagFiles({ uri, record, description, torrents }: DescribedDataset): Map<string, string> {
  const known = (record.sources ?? []).flatMap(toFetchable)
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
    ['Bagging-Date', new Date(record.createdAt).toISOString().slice(0, 10)],
    ...(record.sources ?? []).map(({ url }): [string, string] => ['Holdfast-Source', url]),
    ...torrents.map(({ magnet }): [string, string] => ['Holdfast-Magnet', magnet]),
  ]
  return new Map([
    ['bagit.txt', 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n'],
    [
      'bag-info.txt',
      info.flatMap(([label, value]) => (value ? [`${label}: ${fold(value)}\n`] : [])).join(''),
    ],
    ['manifest-sha256.txt', known.map(({ sha256, path }) => `${sha256}  ${path}\n`).join('')],
    ['fetch.txt', known.map(({ url, sizeBytes, path }) => `${url} ${sizeBytes ?? '-'} ${path}\n`).join('')],
  ])
}

interface Fetchable {
  readonly url: string
  readonly sha256: string
  readonly sizeBytes: number | undefined
  readonly path: string
}

/** Every file in `fetch.txt` must be in the manifest, so that only sources with a checksum can be there. */
function toFetchable({ url, checksums, sizeBytes }: defs.Source): Fetchable[] {
  const sha256 = checksums?.find(({ algorithm }) => algorithm === 'sha-256')?.value
  const name = URL.parse(url)?.pathname.split('/').at(-1)
  return sha256 && name && /^(https?|ftp):/i.test(url)
    ? [{ url, sha256, sizeBytes, path: `data/${name}` }]
    : []
}

/** A value of several lines goes on where white space begins a line (RFC 8493, section 2.2.2). */
function fold(value: string): string {
  return value
    .trim()
    .split(/\s*\r?\n\s*/)
    .join('\n  ')
}
