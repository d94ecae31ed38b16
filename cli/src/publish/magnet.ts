/** What a magnet link says of a torrent. */
export interface MagnetContent {
  readonly infoHashV1: string | null | undefined
  readonly infoHashV2: string | null | undefined
  readonly name: string
  readonly sizeBytes?: number | undefined
  readonly trackers: readonly string[]
  readonly webSeeds: readonly string[]
}

/** A magnet link (BEP 9, BEP 52). */
export function magnetOf(content: MagnetContent): string {
  const parts = [
    ...(content.infoHashV1 ? [`xt=urn:btih:${content.infoHashV1}`] : []),
    ...(content.infoHashV2 ? [`xt=urn:btmh:1220${content.infoHashV2}`] : []),
    `dn=${encodeURIComponent(content.name)}`,
    ...(content.sizeBytes === undefined ? [] : [`xl=${content.sizeBytes}`]),
    ...content.trackers.map((url) => `tr=${encodeURIComponent(url)}`),
    ...content.webSeeds.map((url) => `ws=${encodeURIComponent(url)}`),
  ]
  return `magnet:?${parts.join('&')}`
}
