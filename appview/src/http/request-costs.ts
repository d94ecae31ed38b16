import type { methods } from '@holdfast/lexicons/nsid'

/** The cost of a request to a path, in points, by the first rule that matches. */
export function costOf(path: string): number {
  // Routes match in any case and with trailing slashes, so such paths must cost the same.
  const plain = path.toLowerCase().replace(/\/+$/, '') || '/'
  const method = /^\/xrpc\/([^/]+)$/.exec(plain)?.[1]
  if (method !== undefined) return methodCosts.get(method.split('.').at(-1)!) ?? usual
  return pathCosts.find(([route]) => route.test(plain))?.[1] ?? usual
}

const usual = 1

/** Costs by the last part of the NSID, since a method costs the same under every authority. */
const methodCosts: ReadonlyMap<string, number> = new Map(
  Object.entries({
    searchDatasets: 3,
    searchTorrents: 3,
    findFiles: 3,
    searchDatasetsTypeahead: 2,
    getDatasets: 3,
    // Parts are locked, and those of a dataset counted.
    leaseNextPart: 3,
    getNextPart: 2,
    listParts: 3,
    listClaims: 2,
    // A page has ten thousand entries.
    listInfoHashes: 3,
    // The file may have 100 MB.
    getMetainfo: 10,
  } satisfies Partial<Record<keyof typeof methods, number>>).map(([name, points]) => [
    name.toLowerCase(),
    points,
  ]),
)

/** Costs of other paths; each pattern matches a whole route. */
const pathCosts: readonly (readonly [route: RegExp, points: number])[] = [
  [/^\/(?:search|needs)$|^\/(?:keyword|publisher|account)\/[^/]+$/, 3],
  // A feed has fifty items, each with its torrents.
  [/^\/feeds\/.+\.(?:rss|atom|json)$/, 5],
  // An answer may take up to eleven pages of a search.
  [/^\/torznab\/api$/, 10],
  // A page has a hundred whole records.
  [/^\/oai$|^\/catalog(?:\.[a-z]+)?$/, 10],
  [/^\/sitemap\.xml$|^\/sitemaps\/[^/]+$/, 5],
  [/^\/dataset\/.+$|^\/typeahead$/, 2],
  // It is large, and compressed for each reader.
  [/^\/openapi\.json$/, 3],
  // A blob may have to be fetched from its author's server.
  [/^\/description$|^\/account\/[^/]+\/picture$/, 5],
  // A name may have to be looked up.
  [/^\/resolve-handle$/, 10],
  [/^\/torrent\/[\da-f]+\.torrent$/, 10],
]
