import type { defs } from '../index.ts'
import { inWords } from './dcat-values.ts'
import type { DescribedTorrent, NameOf } from './described-dataset.ts'
import { type Node, node, reference, typed } from './json-ld.ts'

/** A place on the live internet. Whatever is not a page to go on from can be downloaded there. */
export function sourceDistribution(source: defs.Source, license: Node | undefined): Node {
  const isPage = source.kind === 'web' || source.kind === 'api'
  return node({
    '@type': 'dcat:Distribution',
    'dct:title': source.title,
    'dct:description': source.description,
    'dcat:accessURL': reference(source.url),
    'dcat:downloadURL': isPage ? undefined : reference(source.url),
    ...mediaTypeOf(source.mediaType),
    'dcat:byteSize': size(source.sizeBytes),
    'spdx:checksum': strongest(source.checksums ?? []),
    'dct:license': addressOf(license),
  })
}

/** A torrent: its content by magnet link, its checksum the infohash. */
export function torrentDistribution(
  torrent: DescribedTorrent,
  { license, nameOf }: { license: Node | undefined; nameOf: NameOf },
): Node {
  const { infoHashV1, infoHashV2 } = torrent
  return node({
    '@id': nameOf(torrent.uri),
    '@type': 'dcat:Distribution',
    'dct:title': torrent.name,
    // Magnet links as BEP 9 and BEP 52 have them; 1220 says SHA-256 of 32 bytes (multihash).
    'dct:identifier': [
      ...(infoHashV1 ? [`urn:btih:${infoHashV1}`] : []),
      ...(infoHashV2 ? [`urn:btmh:1220${infoHashV2}`] : []),
    ],
    'dcat:accessURL': reference(torrent.magnet),
    'dcat:downloadURL': reference(torrent.fileUrl),
    ...mediaTypeOf('application/x-bittorrent'),
    'dcat:byteSize': size(torrent.sizeBytes),
    'spdx:checksum': infoHashV2
      ? checksum('https://www.bittorrent.org/beps/bep_0052.html', infoHashV2)
      : infoHashV1 && checksum('https://www.bittorrent.org/beps/bep_0003.html', infoHashV1),
    'dct:license': addressOf(license),
    'dct:provenance': inWords('dct:ProvenanceStatement', torrent.method),
  })
}

/** A licence in words stands with the dataset alone. */
function addressOf(license: Node | undefined): Node | undefined {
  const id = license?.['@id']
  return typeof id === 'string' ? { '@id': id } : undefined
}

/** A media type is an address at IANA; anything else is a format in words. */
function mediaTypeOf(mediaType: string | undefined): Record<string, Node | undefined> {
  return mediaType && /^[a-z]+\/[\w.+-]+$/i.test(mediaType)
    ? { 'dcat:mediaType': { '@id': `https://www.iana.org/assignments/media-types/${mediaType}` } }
    : { 'dct:format': inWords('dct:MediaTypeOrExtent', mediaType) }
}

function size(bytes: number | undefined) {
  return bytes === undefined ? undefined : typed(bytes, 'xsd:nonNegativeInteger')
}

/** DCAT-AP takes one checksum: the one that is hardest to forge. */
function strongest(checksums: readonly defs.Checksum[]): Node | undefined {
  const [best] = checksums
    .filter(({ algorithm, value }) => strengths.includes(algorithm) && /^(?:[0-9a-f]{2})+$/i.test(value))
    .toSorted((a, b) => strengths.indexOf(a.algorithm) - strengths.indexOf(b.algorithm))
  return best && checksum(`spdx:checksumAlgorithm_${best.algorithm.replace('-', '')}`, best.value)
}

/** Those that SPDX 2.3 names, strongest first. */
const strengths = ['sha-512', 'blake3', 'sha-256', 'sha-1', 'md5']

/**
 * An infohash is the hash of the torrent's `info`, not of the bytes somebody downloads: what makes it is named by the
 * specification that says how.
 */
function checksum(algorithm: string, value: string): Node {
  return {
    '@type': 'spdx:Checksum',
    'spdx:algorithm': { '@id': algorithm, '@type': 'spdx:ChecksumAlgorithm' },
    'spdx:checksumValue': typed(value.toLowerCase(), 'xsd:hexBinary'),
  }
}
