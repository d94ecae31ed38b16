/** A magnet link (BEP 9, BEP 53): v1 as `btih`, v2 as a `btmh` multihash, both for a hybrid. */
export function magnetLink(torrent: {
  infoHashV1: string | null
  infoHashV2: string | null
  name?: string
  trackers: readonly string[]
}): string {
  const parts = [
    ...(torrent.infoHashV1 ? [`xt=urn:btih:${torrent.infoHashV1}`] : []),
    // 0x12 is sha2-256, 0x20 its length (multihash).
    ...(torrent.infoHashV2 ? [`xt=urn:btmh:1220${torrent.infoHashV2}`] : []),
    ...(torrent.name ? [`dn=${encodeURIComponent(torrent.name.toWellFormed().slice(0, 500))}`] : []),
    ...torrent.trackers.map((url) => `tr=${encodeURIComponent(url)}`),
  ]
  return `magnet:?${parts.join('&')}`
}
