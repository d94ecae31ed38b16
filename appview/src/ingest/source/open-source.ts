import type { FrameFilter } from '../frame/frame.ts'
import type { Wanted } from '../wanted.ts'
import { hintsOfJetstream } from './jetstream.ts'
import { readByReference } from './reference-reader.ts'
import type { Source } from './source.ts'
import { subscribeRepos } from './subscribe-repos.ts'

export interface SourceParts {
  readonly wanted: Wanted
  readonly filter: FrameFilter
  readonly expect: (did: string) => () => void
  readonly plcUrl: string
  /** Which implementation reads firehoses. */
  readonly reader: 'ours' | 'reference'
}

/** Opens a configured source with the reader for its kind. */
export function openSource(
  source: { readonly kind: 'firehose' | 'jetstream'; readonly url: string },
  { wanted, filter, expect, plcUrl, reader }: SourceParts,
): Source {
  const { url } = source
  if (source.kind === 'jetstream') return hintsOfJetstream({ url, wanted, tracks: filter.tracks })
  if (reader === 'reference') return readByReference({ url, wanted, filter, plcUrl })
  return subscribeRepos({ url, filter, authorityPrefixes: wanted.authorityPrefixes, expect })
}
