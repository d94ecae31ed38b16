import { type Node, node } from '@holdfast/lexicons/vocabularies/json-ld'
import { decodePosition, encodePosition, readHarvest } from '../../catalog/views/datasets/dataset-harvest.ts'
import { type DescribedParts, describeDatasets } from '../describe-datasets.ts'
import type { ChangedDataset } from '../document-jobs.ts'

const pageSize = 100
/** A page ends early when its records have more characters than this, since one record may have a mebibyte. */
const maxCharacters = 1_000_000

export interface CatalogPage {
  /** The node of the catalog, without its datasets. */
  catalog: Node
  datasets: ChangedDataset[]
  /** Where the next page begins; absent on the last page. */
  cursor?: string
}

/** Makes the URL of a page of the catalog. */
export type PageAddress = (cursor?: string) => string

/**
 * Reads a page of all visible datasets, as a DCAT catalog in pages (Hydra's PartialCollectionView), in the order in which
 * they last changed: a reader that continues from its last cursor gets what has changed since.
 *
 * @throws InvalidCursorError
 */
export async function catalogPage(
  parts: DescribedParts,
  { cursor, addressOf }: { cursor: string | undefined; addressOf: PageAddress },
): Promise<CatalogPage> {
  const after = cursor === undefined ? undefined : decodePosition(listing, cursor)
  const harvest = await readHarvest(parts.db, { limit: pageSize, maxCharacters, after, gone: false })
  const changedAt = new Map(harvest.items.map((item) => [item.uri, item.changedAt]))
  const described = await describeDatasets(parts, [...changedAt.keys()])
  const next = harvest.next && encodePosition(listing, harvest.next)
  const catalog = node({
    ...catalogNode(parts),
    'hydra:view': node({
      '@id': addressOf(cursor),
      '@type': 'hydra:PartialCollectionView',
      'hydra:first': { '@id': addressOf() },
      'hydra:next': next && { '@id': addressOf(next) },
    }),
  })
  const datasets = described.map((one) => ({ described: one, changedAt: changedAt.get(one.uri)! }))
  return { catalog, datasets, ...(next && { cursor: next }) }
}

const listing = 'catalog'

/** The node that describes this index, without its datasets. */
export function catalogNode({ publicUrl, name }: DescribedParts): Node {
  const home = publicUrl()
  return {
    '@id': `${home}/catalog`,
    '@type': ['dcat:Catalog', 'hydra:Collection'],
    'dct:title': name,
    'dct:description': `Public datasets and the torrents that hold them, as this index gathered them from the AT Protocol repositories of the people who described them.`,
    'dct:publisher': { '@id': `${home}/#index`, '@type': 'foaf:Agent', 'foaf:name': name },
    'foaf:homepage': { '@id': `${home}/` },
  }
}
