import { toDcatDataset } from '@holdfast/lexicons/vocabularies/dcat'
import { context, type Node, node } from '@holdfast/lexicons/vocabularies/json-ld'
import type { ExportedDataset } from './exported-dataset.ts'

/** The datasets as one catalog in JSON-LD (DCAT 3). */
export function toDcat(
  owner: { did: string; handle: string | undefined },
  datasets: readonly ExportedDataset[],
): Node {
  const name = owner.handle ?? owner.did
  return node({
    '@context': context,
    '@id': `at://${owner.did}`,
    '@type': 'dcat:Catalog',
    'dct:title': `Datasets described by ${name}`,
    'dct:description': `The datasets whose records are in the AT Protocol repository of ${name}.`,
    'dct:publisher': { '@id': owner.did, '@type': 'foaf:Agent', 'foaf:name': name },
    'dcat:dataset': datasets.map((dataset) => toDcatDataset(dataset)),
  })
}
