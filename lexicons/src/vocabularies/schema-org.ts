/** Maps a dataset to schema.org, in the form that dataset search engines read from a page. */
import type { defs } from '../index.ts'
import type { DescribedDataset } from './described-dataset.ts'
import { identifierUrl, isWebUrl } from './web-addresses.ts'

/** The JSON-LD of a dataset's page; `page` is the page's address and `publicUrl` that of the site. */
export function toSchemaOrg(
  { record, torrents }: DescribedDataset,
  { page, publicUrl, siteName }: { page: string; publicUrl: string; siteName: string },
): object {
  const box = record.spatial?.box
  return withoutEmpty({
    '@context': 'https://schema.org/',
    '@type': 'Dataset',
    '@id': page,
    url: page,
    name: record.title,
    // Google accepts 50 to 5,000 characters.
    description: (record.description ?? record.title).slice(0, 5_000).toWellFormed(),
    identifier: (record.identifiers ?? []).slice(0, 50).map((one) => identifierUrl(one) ?? one.value),
    sameAs: [record.homepage, ...(record.sources ?? []).slice(0, 20).map(({ url }) => url)].filter(
      (url) => url && isWebUrl(url),
    ),
    creator: (record.creators ?? []).slice(0, 200).map(agent),
    publisher: record.publisher && agent(record.publisher),
    license:
      record.license?.url ??
      (record.license?.spdx && `https://spdx.org/licenses/${record.license.spdx}.html`),
    keywords: (record.keywords ?? []).slice(0, 100).map(({ name }) => name),
    inLanguage: (record.languages ?? []).slice(0, 50).map(({ tag }) => tag),
    version: record.version,
    datePublished: record.issued,
    dateModified: record.modified,
    temporalCoverage:
      record.temporal &&
      [
        record.temporal.start ?? '..',
        record.temporal.end ?? (record.temporal.start?.includes('/') ? undefined : '..'),
      ]
        .filter(Boolean)
        .join('/'),
    spatialCoverage: record.spatial && {
      '@type': 'Place',
      name: record.spatial.name,
      geo: box && { '@type': 'GeoShape', box: `${box.south} ${box.west} ${box.north} ${box.east}` },
    },
    isAccessibleForFree: true,
    distribution: torrents
      .filter(({ fileUrl }) => fileUrl !== undefined)
      .slice(0, 50)
      .map(({ name, fileUrl, sizeBytes }) => ({
        '@type': 'DataDownload',
        name,
        encodingFormat: 'application/x-bittorrent',
        contentUrl: fileUrl,
        contentSize: sizeBytes === undefined ? undefined : `${sizeBytes} B`,
      })),
    includedInDataCatalog: { '@type': 'DataCatalog', name: siteName, url: publicUrl },
  }) as object
}

function agent({ name, url, did, identifiers }: defs.Agent): object {
  const id = (identifiers ?? []).flatMap((identifier) => identifierUrl(identifier) ?? [])[0]
  const isOrganization = (identifiers ?? []).some(({ scheme }) => scheme === 'ror')
  return { '@type': isOrganization ? 'Organization' : 'Person', '@id': id, name: name ?? url ?? did, url }
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutEmpty)
  if (typeof value !== 'object' || value === null) return value === '' ? undefined : value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => {
      const kept = withoutEmpty(part)
      return kept === undefined ? [] : [[key, kept]]
    }),
  )
}
