import { type Node, node } from '@holdfast/lexicons/vocabularies/json-ld'
import { decodePosition, encodePosition, readHarvest } from '../../catalog/views/datasets/dataset-harvest.ts'
import { type DescribedParts, describeDatasets } from '../described.ts'
import { datasetGraph } from './dataset-graph.ts'

const pageSize = 100
/** A record may be a mebibyte: of those a page has few. */
const maxCharacters = 1_000_000

export interface CataloguePage {
  graph: Node[]
  /** Where the next page begins; absent on the last. */
  cursor?: string
}

/** Makes the address of a page of the catalogue. */
export type PageAddress = (cursor?: string) => string

/**
 * A page of every visible dataset, as a DCAT catalogue in pages (Hydra's PartialCollectionView), in the order in which
 * they last changed: whoever goes on from the last cursor reads what changed since.
 *
 * @throws InvalidCursorError
 */
export async function cataloguePage(
  parts: DescribedParts,
  { cursor, addressOf }: { cursor: string | undefined; addressOf: PageAddress },
): Promise<CataloguePage> {
  const after = cursor === undefined ? undefined : decodePosition(listing, cursor)
  const harvest = await readHarvest(parts.db, { limit: pageSize, maxCharacters, after, gone: false })
  const changedAt = new Map(harvest.items.map((item) => [item.uri, item.changedAt]))
  const described = await describeDatasets(parts, [...changedAt.keys()])
  const publicUrl = parts.publicUrl()
  const graphs = described.map((one) => datasetGraph(one, { publicUrl, changedAt: changedAt.get(one.uri)! }))
  const next = harvest.next && encodePosition(listing, harvest.next)
  const catalogue = node({
    ...catalogueNode(parts),
    'hydra:view': node({
      '@id': addressOf(cursor),
      '@type': 'hydra:PartialCollectionView',
      'hydra:first': { '@id': addressOf() },
      'hydra:next': next && { '@id': addressOf(next) },
    }),
    'dcat:dataset': graphs.map(({ dataset }) => dataset),
    'dcat:record': graphs.map(({ record }) => record),
  })
  return { graph: [catalogue], ...(next && { cursor: next }) }
}

const listing = 'catalogue'

/** What this index is, without what it holds. */
export function catalogueNode({ publicUrl, name }: DescribedParts): Node {
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
