import { CommandError } from '../../command-error.ts'
import { statedTotal } from '../../import/pages.ts'
import { type Ask, parseJson } from '../ask.ts'
import type { Answer, Change, Reading, Source } from '../source.ts'
import { followingPage } from './following-page.ts'

const pageSize = 250
/** A DOI may appear in the index some time after the time that it is said to have been updated. */
const overlapMs = 3_600_000

/**
 * Follows DataCite's DOIs of one prefix, repository or query: `url` is an address of its REST API such as
 * `https://api.datacite.org/dois?prefix=10.5061`. Only what DataCite calls a dataset is asked for, unless the address
 * names another `resource-type-id`.
 */
export function dataCite(url: string, ask: Ask): Source {
  const first = (parameters: Record<string, string | undefined>) => {
    const address = new URL(url)
    for (const [name, value] of Object.entries(parameters))
      if (value !== undefined) address.searchParams.set(name, value)
    if (!address.searchParams.has('resource-type-id')) address.searchParams.set('resource-type-id', 'dataset')
    return address
  }
  const queryOf = (since: string | undefined) => {
    const own = new URL(url).searchParams.get('query')
    const parts = [own && `(${own})`, since && `updated:[${since} TO *]`].filter(Boolean)
    return parts.length > 0 ? parts.join(' AND ') : undefined
  }

  async function* read({ mode, since, place }: Reading): AsyncGenerator<Answer> {
    const start = {
      'page[cursor]': '1',
      'page[size]': String(pageSize),
      query: queryOf(since),
      'disable-facets': 'true',
    }
    for (let address = place ? String(place.address) : first(start).href; ; ) {
      const page = await ask.text(address, { accept: 'application/vnd.api+json, application/json' })
      const document = parseJson(page)
      const items = itemsOf(document, address)
      const found = followingPage({ document, address, link: page.link }, url)
      const next = items.length === 0 ? undefined : found
      yield {
        changes: items.map(
          mode === 'list' ? ({ id }) => ({ sourceId: String(id), action: 'listed' as const }) : describe,
        ),
        next: next === undefined ? undefined : { address: next },
        total: statedTotal(document),
        since: sinceOf(items),
      }
      if (next === undefined) return
      address = next
    }
  }

  return {
    kind: 'datacite',
    url,
    hasDates: true,
    read,
    count: async () =>
      statedTotal(await ask.json(first({ 'page[size]': '0', 'disable-facets': 'true' }).href)),
  }
}

interface Doi {
  readonly id?: unknown
  readonly attributes?: { readonly updated?: unknown; readonly url?: unknown }
}

function itemsOf(document: unknown, address: string): Doi[] {
  const { data } = (document ?? {}) as { data?: unknown }
  if (!Array.isArray(data))
    throw new CommandError('network', `${address} is not an answer of DataCite’s REST API.`)
  return data.filter((item) => typeof item === 'object' && item !== null && 'id' in item) as Doi[]
}

function describe(item: Doi): Change {
  const sourceId = String(item.id)
  const { updated } = item.attributes ?? {}
  return {
    sourceId,
    modified: typeof updated === 'string' ? updated : undefined,
    action: 'described',
    kind: 'datacite',
    entry: item,
    address: `https://doi.org/${sourceId}`,
  }
}

function sinceOf(items: readonly Doi[]): string | undefined {
  const times = items.map(({ attributes }) => Date.parse(String(attributes?.updated))).filter(Number.isFinite)
  return times.length > 0 ? new Date(Math.max(...times) - overlapMs).toISOString() : undefined
}
