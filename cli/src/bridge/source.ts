import type { CatalogKind } from '../import/catalog.ts'

/** The kinds of source that a bridge follows. */
export const sourceKinds = ['ckan', 'oai-pmh', 'data-json', 'datacite', 'dcat'] as const
export type SourceKind = (typeof sourceKinds)[number]

/** What a source says of one dataset, under the identifier that the source uses. */
export type Change = { readonly sourceId: string; readonly modified?: string | undefined } & (
  | {
      readonly action: 'described'
      readonly kind: CatalogKind
      readonly entry: unknown
      /** Where the source itself describes the dataset: its page, or the entry in its API. */
      readonly address: string
    }
  /** It is there, but this answer does not describe it. */
  | { readonly action: 'listed' }
  /** The source says that it removed it. */
  | { readonly action: 'removed' }
  /** It is of another type, such as an article. */
  | { readonly action: 'not-a-dataset' }
  /** Its description cannot be read. */
  | { readonly action: 'unreadable'; readonly problem: string }
)

/** Where the next request of a reading begins. It is kept as JSON, and only the source that made it reads it. */
export type Place = Readonly<Record<string, string | number | boolean | null>>

/** What one request brought. */
export interface Answer {
  readonly changes: Iterable<Change> | AsyncIterable<Change>
  /** Undefined after the last answer of a reading. */
  readonly next: Place | undefined
  /** The number of datasets that this reading will have listed at its end, as the source states it. */
  readonly total?: number | undefined
  /** What the next run has to give as `since`, once this reading has ended. */
  readonly since?: string | undefined
  /** Whether the source says that everything is as it was at `since`; then the answer has no changes. */
  readonly isUnchanged?: boolean
  /** Whether the source had to begin its list again, so that datasets appear a second time. */
  readonly isRestart?: boolean
}

export interface Reading {
  /** `changes` describes datasets, `list` only says which there are. */
  readonly mode: 'changes' | 'list'
  /** For `changes`: the value of the last complete reading, in order to get only what changed; undefined for everything. */
  readonly since: string | undefined
  /** Where an earlier reading stopped; undefined to begin. */
  readonly place: Place | undefined
}

/** A repository or catalog whose datasets can be followed. */
export interface Source {
  readonly kind: SourceKind
  /** The address of its API. */
  readonly url: string
  /**
   * Whether `changes` with a `since` says only what changed. Otherwise each reading lists everything, and what it does
   * not list was removed.
   */
  readonly hasDates: boolean
  read(reading: Reading): AsyncIterable<Answer>
  /** How many datasets there are now; undefined if the source does not say. Only for sources with dates. */
  count?(): Promise<number | undefined>
  /** Describes one dataset; undefined if there is none. */
  describe?(sourceId: string): Promise<Change | undefined>
}
