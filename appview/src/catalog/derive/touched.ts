/** What a transaction wrote or removed that other values are derived from; `settle.ts` works through it. */
export interface Touched {
  /** Records whose visibility may have changed. */
  readonly records: Set<number>
  /** Records that were written, by id: they are sent to the live stream even if they were visible before. */
  readonly written: Map<number, string>
  /** Visible records that were deleted. */
  readonly removed: RemovedRecord[]
  /** Records whose visibility changed, which the first derivation finds. */
  readonly flipped: FlippedRecord[]
  /** Assessments and datasets from which the risks and scarcities of datasets are derived. */
  readonly assessments: Set<number>
  readonly assessedDatasets: Set<number>
  /** Datasets whose card may have changed. */
  readonly groupedDatasets: Set<number>
  /** Datasets that were written and have no key by which they could be joined with others. */
  readonly keylessDatasets: Set<number>
  /** Torrents whose files became known. */
  readonly verifiedTorrents: Set<number>
  /** Torrents that were written, shown or hidden. */
  readonly torrents: Set<number>
  /** Infohashes, as `swarmKey` gives them, of which the number of seeders that is believed may have changed. */
  readonly swarms: Set<string>
  /** URIs of torrents whose replacement was deleted. */
  readonly supersededUris: Set<string>
  /** Contents that a changed or removed torrent named before. */
  readonly contents: Set<number>
  /** URIs of datasets whose torrents may have changed. */
  readonly datasetUris: Set<string>
  /** URIs of datasets that were written; their rows say that no torrent names them. */
  readonly writtenDatasetUris: Set<string>
  /** URIs of datasets whose source or homepage was probed or may have changed. */
  readonly probedDatasetUris: Set<string>
  /** Keys of parts that were written or removed, or whose claims were. */
  readonly parts: Set<string>
}

export interface RemovedRecord {
  readonly kind: string
  readonly uri: string
}

export interface FlippedRecord extends Record<string, unknown> {
  readonly id: number
  readonly uri: string
  readonly kind: string
  readonly cid: string
  /** Whether it is visible now. */
  readonly visible: boolean
}

/** Makes an empty set of touched rows, or one with `initial` values. */
export function createTouched(
  initial: { [Part in keyof Touched]?: Iterable<Member<Touched[Part]>> } = {},
): Touched {
  return {
    records: new Set(initial.records),
    written: new Map(initial.written),
    removed: [...(initial.removed ?? [])],
    flipped: [],
    assessments: new Set(initial.assessments),
    assessedDatasets: new Set(initial.assessedDatasets),
    groupedDatasets: new Set(initial.groupedDatasets),
    keylessDatasets: new Set(initial.keylessDatasets),
    verifiedTorrents: new Set(initial.verifiedTorrents),
    torrents: new Set(initial.torrents),
    swarms: new Set(initial.swarms),
    supersededUris: new Set(initial.supersededUris),
    contents: new Set(initial.contents),
    datasetUris: new Set(initial.datasetUris),
    writtenDatasetUris: new Set(initial.writtenDatasetUris),
    probedDatasetUris: new Set(initial.probedDatasetUris),
    parts: new Set(initial.parts),
  }
}

type Member<Part> = Part extends Iterable<infer Value> ? Value : never

/** Adds all of `values` to `set`. */
export function addAll<Value>(set: Set<Value>, values: Iterable<Value>): void {
  for (const value of values) set.add(value)
}
