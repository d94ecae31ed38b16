import { createHash } from 'node:crypto'
import { encode } from '@holdfast/torrent/bencode-tree'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { cidOf } from './index-under-test.ts'

export interface SampleTorrent {
  readonly bytes: Uint8Array
  readonly infoHashV1: string
  readonly blobCid: string
  /** The fields that a torrent record has for it. */
  readonly record: Record<string, unknown>
}

/** Makes a small v1 `.torrent` of files with these paths. */
export function sampleTorrent(
  name: string,
  paths: readonly string[],
  outer: { announce?: string; private?: boolean; webseeds?: readonly string[]; comment?: string } = {},
): SampleTorrent {
  const data = Buffer.from(name.repeat(3))
  const bytes = encode({
    announce: outer.announce,
    comment: outer.comment,
    'url-list': outer.webseeds,
    info: {
      files: paths.map((path, i) => ({ length: 100 + i, path: path.split('/') })),
      name,
      'piece length': 16_384,
      pieces: createHash('sha1').update(data).digest(),
      private: outer.private ? 1 : undefined,
    },
  })
  const infoHashV1 = parseMetainfo(bytes).infoHashV1!
  const blobCid = cidOf(name, 'raw')
  const metainfo = {
    $type: 'blob',
    ref: { $link: blobCid },
    mimeType: 'application/x-bittorrent',
    size: bytes.length,
  }
  return { bytes, infoHashV1, blobCid, record: { name, infoHashV1, metainfo } }
}
