import type { RecordJson } from '../records/repo.ts'

interface SourceJson {
  readonly url: string
  readonly [field: string]: unknown
}

/** The most sources that a record may have (dataset lexicon). */
const maxSources = 1_000

/**
 * What the bridge says of a dataset that its source removed: the last statement, with `status: removed` for the
 * source's own entry and for the files on the source's host. Files elsewhere, which a catalog only links, may still be
 * there, so nothing is said of them.
 */
export function removedStatement(
  { $type: _type, createdAt: _createdAt, ...said }: RecordJson,
  { address, seenAt }: { address: string; seenAt: string },
): RecordJson {
  const host = URL.parse(address)?.host
  const removed = { status: 'removed', lastSeenAt: seenAt }
  const sources = ((said.sources ?? []) as SourceJson[]).map((source) =>
    host !== undefined && URL.parse(source.url)?.host === host ? { ...source, ...removed } : source,
  )
  const isNamed = sources.some(({ url }) => url === address)
  const own = { url: address, kind: 'web', ...removed }
  return {
    ...said,
    sources: isNamed || host === undefined || sources.length >= maxSources ? sources : [...sources, own],
  }
}
