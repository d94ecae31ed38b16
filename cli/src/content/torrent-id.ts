import { normalizeInfoHash } from '@holdfast/torrent/infohash'
import { formatMagnet, type Magnet, parseMagnet } from '@holdfast/torrent/magnet'
import type { Metainfo } from '@holdfast/torrent/metainfo'
import { CommandError } from '../command-error.ts'
import { isAddress } from '../is-address.ts'

/** The ways to name a torrent on the command line. */
export type TorrentId =
  | { readonly kind: 'record'; readonly uri: string }
  | { readonly kind: 'address'; readonly url: string }
  | { readonly kind: 'content'; readonly name: ContentName }
  | { readonly kind: 'path'; readonly path: string }

/** Content that an infohash or a magnet link names. */
export interface ContentName {
  /** The text to query an index with: an infohash, or a magnet link that contains only infohashes. */
  readonly query: string
  /** Whether a `.torrent` is the one that was named; if two infohashes were given, both must match. */
  names(metainfo: Metainfo): boolean
  /** Addresses in the magnet link where the `.torrent` may be fetched. */
  readonly metainfoUrls: readonly string[]
  /** The swarm that may have it; undefined without a v1 infohash. */
  readonly swarm: Pick<Magnet, 'infoHashV1' | 'trackers'> | undefined
}

/**
 * Finds out how somebody named a torrent. parse-torrent reads v1 infohashes, as it does in WebTorrent; it recognizes v2
 * infohashes only by their form, so they are read here. Throws a CommandError for a magnet link that names no content
 * or two different ones.
 */
export async function readTorrentId(text: string): Promise<TorrentId> {
  const id = text.trim()
  if (id.startsWith('at://')) return { kind: 'record', uri: id }
  if (isAddress(id)) return { kind: 'address', url: id }
  if (/^magnet:/i.test(id)) return { kind: 'content', name: await readMagnet(id) }
  const hash = normalizeInfoHash(id)
  if (!hash) return { kind: 'path', path: text }
  const { form, hex } = hash
  const [infoHashV1, infoHashV2] = form === 'v2' ? [null, hex] : [(await readV1(id)) ?? hex, null]
  return { kind: 'content', name: { ...contentName({ infoHashV1, infoHashV2 }), query: hex } }
}

async function readMagnet(link: string): Promise<ContentName> {
  let magnet: Magnet
  try {
    magnet = parseMagnet(link)
  } catch (cause) {
    throw new CommandError('usage', (cause as Error).message, { cause })
  }
  const theirs = await readV1(topicsOf(link))
  const { infoHashV2, metainfoUrls } = magnet
  const infoHashV1 = theirs ?? magnet.infoHashV1
  if (magnet.infoHashV1 !== null && infoHashV1 !== magnet.infoHashV1)
    throw new CommandError(
      'usage',
      `The magnet link names two v1 infohashes, ${magnet.infoHashV1} and ${infoHashV1}; give the one that you mean.`,
    )
  return {
    ...contentName({ infoHashV1, infoHashV2 }),
    metainfoUrls: metainfoUrls.filter(isAddress).slice(0, mostUrls),
    ...(infoHashV1 && { swarm: { infoHashV1, trackers: magnet.trackers } }),
  }
}

const mostUrls = 3

/** The query contains infohashes only, because trackers may have a private key in their address. */
function contentName({ infoHashV1, infoHashV2 }: Hashes): ContentName {
  const isV1 = (metainfo: Hashes) =>
    // The same 40 digits may be the start of the v2 infohash (BEP 52).
    metainfo.infoHashV1 === infoHashV1 || metainfo.infoHashV2?.slice(0, 40) === infoHashV1
  return {
    query: formatMagnet({ infoHashV1, infoHashV2 }),
    names: (metainfo) =>
      (infoHashV1 === null || isV1(metainfo)) && (infoHashV2 === null || infoHashV2 === metainfo.infoHashV2),
    metainfoUrls: [],
    swarm: infoHashV1 === null ? undefined : { infoHashV1, trackers: [] },
  }
}

type Hashes = Pick<Metainfo, 'infoHashV1' | 'infoHashV2'>

/** Only the topics of a link: parse-torrent would build an array for any range of files that the rest of the link asks for. */
function topicsOf(link: string): string {
  const fields = link.slice(link.indexOf('?') + 1).split('&')
  return `magnet:?${fields.filter((field) => field.startsWith('xt=')).join('&')}`
}

/** The v1 infohash that parse-torrent finds in a link, an infohash or a `.torrent`, if it finds one. */
export async function readV1(link: string | Uint8Array): Promise<string | undefined> {
  const { default: parseTorrent } = await import('parse-torrent')
  try {
    const { infoHash } = await parseTorrent(link as Buffer)
    return infoHash !== undefined && /^[0-9a-f]{40}$/.test(infoHash) ? infoHash : undefined
  } catch {
    // parse-torrent accepts fewer files than we do.
    return undefined
  }
}
