import { toDcatDataset } from '@holdfast/lexicons/vocabularies/dcat'
import { type Node, node, typed } from '@holdfast/lexicons/vocabularies/json-ld'
import { datasetPath } from '../../http/page-paths.ts'
import type { Described } from '../described.ts'

/**
 * Makes the graph of a dataset and of the record that describes it here (DCAT's CatalogRecord). Both are named by URLs of
 * this site; the AT-URI, which is the same on every index, is the record's identifier.
 */
export function datasetGraph(
  described: Described,
  { publicUrl, changedAt }: { publicUrl: string; changedAt: string },
): { dataset: Node; record: Node } {
  const nameOf = (uri: string) => described.torrentPages[uri] ?? `${publicUrl}${datasetPath(uri)}`
  const { record, author, uri, page } = described
  const description = record.description ?? record.title
  return {
    dataset: toDcatDataset({ ...described, description }, nameOf),
    record: node({
      '@id': `${page}#record`,
      '@type': 'dcat:CatalogRecord',
      'dct:identifier': uri,
      'dct:creator': {
        '@id': author.did,
        '@type': 'foaf:Agent',
        'foaf:name': author.displayName ?? author.handle ?? author.did,
      },
      'dct:issued': typed(described.indexedAt, 'xsd:dateTime'),
      'dct:modified': typed(changedAt, 'xsd:dateTime'),
      'foaf:primaryTopic': { '@id': page },
    }),
  }
}
