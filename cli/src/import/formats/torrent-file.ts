import type { dataset } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import type { Metainfo } from '@holdfast/torrent/metainfo'
import { slugify } from '../../publish/slug.ts'
import { toUri } from '../values/addresses.ts'
import { present } from '../values/present.ts'
import type { Imported } from './aws-open-data-registry.ts'

/** What a `.torrent` file says about its content, without the hashes of its pieces. */
export type TorrentFile = Pick<
  Metainfo,
  'infoHashV1' | 'infoHashV2' | 'name' | 'sizeBytes' | 'comment' | 'trackers'
> & { readonly isPrivate: boolean; readonly read: () => Promise<Metainfo> }

/** A run of letters and digits as long as the personal keys that private trackers put into their addresses. */
const personalKey = /(?:^|[/=])[\da-z]{20,}(?=$|[/&?])/i

/**
 * Makes a dataset record of a `.torrent` file, which says little more than a name, and lists the torrent itself. Throws an
 * `Error` for a torrent that its owner got in confidence: one that is marked as private, or whose trackers know them by a key.
 */
export function importTorrentFile(file: TorrentFile, options: { createdAt: string }): Imported {
  if (file.isPrivate) throw new Error('it is marked as private, so its swarm may not be published')
  const secret = file.trackers.find(({ url }) => personalKey.test(url.replace(/^[a-z]+:\/\/[^/]*/i, '')))
  if (secret) {
    const { host } = new URL(secret.url)
    throw new Error(
      `its announce address at ${host} seems to contain a personal key, which would be published`,
    )
  }
  const names = [file.infoHashV1, file.infoHashV2].filter((hash) => hash !== null)
  const page = /^\s*https?:\/\/\S+\s*$/i.test(file.comment ?? '') ? toUri(file.comment) : undefined
  const record = present({
    $type: collections.dataset,
    title: file.name,
    description: page ? undefined : (file.comment?.trim() ?? undefined),
    homepage: page,
    identifiers: names.map((hash) => ({
      scheme: 'urn',
      value: hash.length === 40 ? `urn:btih:${hash}` : `urn:btmh:1220${hash}`,
    })),
    sizeBytes: file.sizeBytes,
    createdAt: options.createdAt as dataset.Main['createdAt'],
  }) satisfies dataset.Main
  const torrent = { infoHashes: names, url: undefined, read: file.read, webseeds: [], about: {} }
  return { rkey: slugify(`${file.name}-${names[0]!.slice(0, 8)}`), record, torrents: [torrent], leftOver: [] }
}
