/** One answer of a catalog, which may have further pages. */
export interface Page {
  readonly document: unknown
  /** The address of the page; undefined for files and standard input. */
  readonly address?: string | undefined
  /** Its `Link` header. */
  readonly link?: string | null | undefined
}

/** The address of the next page; undefined for the last. It may be relative if `address` is not known. */
export function nextPage(page: Page): string | undefined {
  const named = nextInLink(page.link) ?? nextInDocument(page.document)
  if (named === undefined) return countedPage(page)
  return page.address !== undefined && URL.canParse(named, page.address)
    ? new URL(named, page.address).href
    : named
}

/** The number of datasets in the whole catalog, as stated by one of its pages. */
export function statedTotal(document: unknown): number | undefined {
  const { result, meta } = objectOf(document)
  const totals = [
    objectOf(result).count,
    objectOf(meta).total,
    Array.isArray(objectOf(document).items) ? objectOf(document).total : undefined,
    ...hydraNodes(document).flatMap((node) => [node['hydra:totalItems'], node[`${hydra}totalItems`]]),
  ]
  return totals
    .map((total) => Number(objectOf(total)['@value'] ?? total ?? Number.NaN))
    .find(Number.isSafeInteger)
}

const hydra = 'http://www.w3.org/ns/hydra/core#'

/** The next page in a `Link` header (RFC 8288). */
function nextInLink(header: string | null | undefined): string | undefined {
  for (const [, address, parameters = ''] of (header ?? '').matchAll(/<([^>]*)>([^<]*)/g))
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\s*(?:[;,]|$))/i.test(parameters)) return address
  return undefined
}

/** The next page as stated by JSON:API and InvenioRDM (`links.next`), HAL, OData, Django's REST framework and Hydra. */
function nextInDocument(document: unknown): string | undefined {
  const { links, _links, ...top } = objectOf(document)
  const named = [
    objectOf(links).next,
    objectOf(_links).next,
    ...['next', '@odata.nextLink', 'nextLink', 'next_page_url', 'nextPageUrl'].map((name) => top[name]),
    ...hydraNodes(document).flatMap((node) =>
      ['next', 'nextPage'].flatMap((name) => [node[`hydra:${name}`], node[`${hydra}${name}`]]),
    ),
    ...[top.view, top['hydra:view']].map((view) => objectOf(view).next),
  ]
  return named.map(addressOf).find((address) => address !== undefined)
}

function addressOf(value: unknown): string | undefined {
  const [only] = [value].flat()
  const text = typeof only === 'string' ? only : (objectOf(only)['@id'] ?? objectOf(only).href)
  return typeof text === 'string' && /^(?:https?:\/\/|[/?])/i.test(text) ? text : undefined
}

function hydraNodes(document: unknown): Record<string, unknown>[] {
  const nodes = [document].flat().map(objectOf)
  const graph = nodes.flatMap((node) => [node['@graph']].flat())
  const views = nodes.flatMap((node) => [node['hydra:view'], node[`${hydra}view`], node.view].flat())
  return [...nodes, ...[...graph, ...views].map(objectOf)]
}

/** The next page for CKAN, DataCite and SciOp, which do not link it but count: it begins where this one ends. */
function countedPage({ document, address }: Page): string | undefined {
  if (address === undefined) return undefined
  const { result, meta } = objectOf(document)
  const url = new URL(address)
  const counted = (name: string) => Number(url.searchParams.get(name) ?? 0) || 0
  const { count, results } = objectOf(result)
  if (Array.isArray(results) && results.length > 0 && typeof count === 'number') {
    const start = counted('start') + results.length
    url.searchParams.set('start', String(start))
    return start < count ? url.href : undefined
  }
  if (Array.isArray(result) && counted('limit') > 0 && result.length >= counted('limit')) {
    url.searchParams.set('offset', String(counted('offset') + result.length))
    return url.href
  }
  const paged = objectOf(document)
  if (Array.isArray(paged.items) && typeof paged.page === 'number' && typeof paged.pages === 'number') {
    url.searchParams.set('page', String(paged.page + 1))
    return paged.page < paged.pages ? url.href : undefined
  }
  const { page, totalPages } = objectOf(meta)
  if (typeof page !== 'number' || typeof totalPages !== 'number' || page >= totalPages) return undefined
  url.searchParams.set('page[number]', String(page + 1))
  return url.href
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}
