import { createHash } from 'node:crypto'

/**
 * What content a record of this kind is about, as a short digest: the same for two versions of a record that name the same.
 * Null for other kinds. An author may rewrite an old record to name somebody else's content, and must not count as the first
 * who named it: this tells since when a record has named what it names.
 */
export function namedContent(kind: string, value: Record<string, unknown>): string | null {
  const named = kind === 'torrent' ? ofTorrent(value) : kind === 'webseed' ? ofWebseed(value) : null
  if (named === null) return null
  return createHash('sha256').update(JSON.stringify(named)).digest('base64url').slice(0, 16)
}

function ofTorrent({ infoHashV1, infoHashV2, ...rest }: Record<string, unknown>): unknown {
  const claimed = infoHashV1 ?? infoHashV2
  // Without an infohash, the record is about whatever its metainfo describes.
  return typeof claimed === 'string'
    ? claimed.toLowerCase()
    : [rest.metainfo ?? null, rest.metainfoParts ?? null, rest.metainfoUrls ?? null]
}

function ofWebseed({ subject }: Record<string, unknown>): unknown {
  return ofTorrent((subject ?? {}) as Record<string, unknown>)
}
