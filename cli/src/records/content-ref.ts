import type { RecordJson } from './repo.ts'

interface Known {
  readonly infoHashV1?: string | null | undefined
  readonly infoHashV2?: string | null | undefined
  /** The AT-URI of a torrent record that describes it. */
  readonly uri?: string | undefined
}

/** How a record refers to content: by its infohashes, with a record that describes it as a hint (`defs#contentRef`). */
export function contentRef({ infoHashV1, infoHashV2, uri }: Known): RecordJson {
  return { ...(infoHashV1 && { infoHashV1 }), ...(infoHashV2 && { infoHashV2 }), ...(uri && { uri }) }
}
