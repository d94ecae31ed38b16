import type { defs } from '../index.ts'
import { inWords } from './dcat-values.ts'
import type { DescribedTorrent, NameOf } from './described-dataset.ts'
import { type Node, node, reference, typed } from './json-ld.ts'

/** Maps a source to a distribution. A source that is not a landing page can be downloaded. */
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

/** Maps a torrent to a distribution: its content is given by magnet link, and its checksum is the infohash. */
export function torrentDistribution(
  torrent: DescribedTorrent,
  { license, nameOf }: { license: Node | undefined; nameOf: NameOf },
): Node {
  const { infoHashV1, infoHashV2 } = torrent
  return node({
    '@id': nameOf(torrent.uri),
    '@type': 'dcat:Distribution',
    'dct:title': torrent.name,
    // The magnet links of BEP 9 and BEP 52; 1220 means SHA-256 of 32 bytes (multihash).
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

/** A license that is only stated in words is given for the dataset, not for each distribution. */
function addressOf(license: Node | undefined): Node | undefined {
  const id = license?.['@id']
  return typeof id === 'string' ? { '@id': id, '@type': 'dct:LicenseDocument' } : undefined
}

/** A media type is an address at IANA; anything else is a format in words. */
function mediaTypeOf(mediaType: string | undefined): Record<string, Node | undefined> {
  return mediaType && /^[a-z]+\/[\w.+-]+$/i.test(mediaType)
    ? {
        'dcat:mediaType': {
          '@id': `https://www.iana.org/assignments/media-types/${mediaType}`,
          '@type': 'dct:MediaType',
        },
      }
    : { 'dct:format': inWords('dct:MediaTypeOrExtent', mediaType) }
}

function size(bytes: number | undefined) {
  return bytes === undefined ? undefined : typed(bytes, 'xsd:nonNegativeInteger')
}

/** The strongest checksum, because DCAT-AP allows only one. */
function strongest(checksums: readonly defs.Checksum[]): Node | undefined {
  const [best] = checksums
    .filter(({ algorithm, value }) => strengths.includes(algorithm) && /^(?:[0-9a-f]{2})+$/i.test(value))
    .toSorted((a, b) => strengths.indexOf(a.algorithm) - strengths.indexOf(b.algorithm))
  return best && checksum(`spdx:checksumAlgorithm_${best.algorithm.replace('-', '')}`, best.value)
}

/** The algorithms that SPDX 2.3 defines, the strongest first. */
const strengths = ['sha-512', 'blake3', 'sha-256', 'sha-1', 'md5']

/**
 * An infohash is the hash of the torrent's `info`, not of the downloaded bytes, so its algorithm is identified by the
 * specification that defines it.
 */
function checksum(algorithm: string, value: string): Node {
  return {
    '@type': 'spdx:Checksum',
    'spdx:algorithm': { '@id': algorithm, '@type': 'spdx:ChecksumAlgorithm' },
    'spdx:checksumValue': typed(value.toLowerCase(), 'xsd:hexBinary'),
  }
}
