import { CommandError } from '../../command-error.ts'
import { statedTotal } from '../../import/pages.ts'
import type { Ask } from '../ask.ts'
import type { Answer, Change, Place, Reading, Source } from '../source.ts'

const rowsAPage = 200
const idsAPage = 1_000

/** A dataset may appear in the search index some time after the time that it is said to have been modified. */
const overlapMs = 3_600_000

interface Package {
  readonly id?: unknown
  readonly name?: unknown
  readonly type?: unknown
  readonly metadata_modified?: unknown
}

/** Where a reading continues: at the `start`-th of those that were modified at `from` or later. */
interface CkanPlace extends Place {
  readonly from: string | null
  readonly start: number
  /** How many datasets were read before. */
  readonly read: number
  /** Whether the server ignores the filter, so that only counting is left. */
  readonly counts: boolean
}

/**
 * Follows a CKAN catalog by `package_search`, in the order of modification. Each page begins at the time at which the
 * one before ended, and not at a number: what is modified meanwhile moves to the end, and shifts nothing out of sight.
 * `filter` is the catalog's own filter query (`fq`), such as `organization:noaa`.
 */
export function ckan(base: string, ask: Ask, filter?: string): Source {
  const api = (method: string, parameters: Record<string, string | number>) => {
    const url = new URL(`${base}/api/3/action/${method}`)
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value))
    return url.href
  }
  const search = async (parameters: Record<string, string | number>) => {
    const address = api('package_search', parameters)
    const document = await ask.json(address)
    return { results: resultsOf(document, address), total: statedTotal(document) }
  }
  const described = (entry: unknown): Change => describe(base, entry as Package)

  async function* changes({ since, place }: Reading): AsyncGenerator<Answer> {
    let at = (place ?? { from: since ?? null, start: 0, read: 0, counts: false }) as CkanPlace
    for (;;) {
      const query = at.from === null ? undefined : `metadata_modified:[${at.from} TO *]`
      const { results, total } = await search({
        rows: rowsAPage,
        start: at.start,
        sort: 'metadata_modified asc, id asc',
        ...filterOf([query, filter]),
      })
      const next = results.length === 0 ? undefined : placeAfter(at, results)
      const isLast =
        next === undefined || (results.length < rowsAPage && at.start + results.length >= (total ?? 0))
      yield {
        changes: results.map(described),
        next: isLast ? undefined : next,
        total: total === undefined ? undefined : at.counts ? total : at.read - at.start + total,
        since: sinceOf(results),
      }
      if (isLast) return
      at = next!
    }
  }

  async function* list({ place }: Reading): AsyncGenerator<Answer> {
    for (let start = Number(place?.start ?? 0); ; ) {
      const { results, total } = await search({
        rows: idsAPage,
        start,
        sort: 'id asc',
        fl: 'id',
        ...filterOf([filter]),
      })
      start += results.length
      const isLast = results.length === 0 || (total !== undefined && start >= total)
      yield {
        changes: results.map((entry) => ({ sourceId: idOf(entry), action: 'listed' })),
        next: isLast ? undefined : { start },
        total,
      }
      if (isLast) return
    }
  }

  return {
    kind: 'ckan',
    url: base,
    hasDates: true,
    read: (reading) => (reading.mode === 'list' ? list(reading) : changes(reading)),
    count: async () => (await search({ rows: 0, ...filterOf([filter]) })).total,
    async describe(sourceId) {
      const document = await ask.json(api('package_show', { id: sourceId })).catch((error: unknown) => {
        if (error instanceof CommandError && error.kind === 'notFound') return undefined
        throw error
      })
      return document === undefined ? undefined : described((document as { result?: unknown }).result)
    },
  }
}

function filterOf(parts: readonly (string | undefined)[]): { fq?: string } {
  const given = parts.filter((part) => part !== undefined)
  return given.length > 0 ? { fq: given.join(' AND ') } : {}
}

function resultsOf(document: unknown, address: string): Package[] {
  const { success, result } = (document ?? {}) as { success?: unknown; result?: { results?: unknown } }
  if (success === false || !Array.isArray(result?.results))
    throw new CommandError('network', `${address} is not an answer of CKAN’s package_search.`)
  return result.results.filter((entry) => typeof entry === 'object' && entry !== null) as Package[]
}

function placeAfter(at: CkanPlace, results: readonly Package[]): CkanPlace {
  const read = at.read + results.length
  const byCount = { ...at, start: at.start + results.length, read }
  if (at.counts) return byCount
  const times = results.map(modifiedOf)
  const isSorted = times.every((time, i) => time !== undefined && time >= (times[i - 1] ?? at.from ?? ''))
  if (!isSorted) return { from: null, start: at.from === null ? byCount.start : 0, read, counts: true }
  const last = times.at(-1)!
  // Those of the last moment come first on the next page, which begins behind them.
  return last === at.from
    ? byCount
    : { from: last, start: times.filter((time) => time === last).length, read, counts: false }
}

/** The time of modification in UTC and milliseconds, as CKAN's search index keeps it. */
function modifiedOf({ metadata_modified: text }: Package): string | undefined {
  if (typeof text !== 'string') return undefined
  const at = new Date(/Z|[+-]\d\d:?\d\d$/i.test(text) ? text : `${text}Z`)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}

function sinceOf(results: readonly Package[]): string | undefined {
  const last = results
    .map(modifiedOf)
    .filter((time) => time !== undefined)
    .sort()
    .at(-1)
  return last === undefined ? undefined : new Date(Date.parse(last) - overlapMs).toISOString()
}

function idOf({ id, name }: Package): string {
  return String(id ?? name ?? '')
}

function describe(base: string, entry: Package): Change {
  const sourceId = idOf(entry)
  const modified = modifiedOf(entry)
  if (sourceId === '')
    return {
      sourceId: JSON.stringify(entry).slice(0, 200),
      action: 'unreadable',
      problem: 'a package without "id"',
    }
  // The sources that a CKAN catalog itself harvests are packages of this type.
  if (entry.type === 'harvest') return { sourceId, modified, action: 'not-a-dataset' }
  const address = `${base}/dataset/${encodeURIComponent(String(entry.name ?? sourceId))}`
  return { sourceId, modified, action: 'described', kind: 'ckan', entry, address }
}
