import { context, type Node, node } from '@holdfast/lexicons/vocabularies/json-ld'

/** Describes this index as a set of linked data (W3C Interest Group Note "Describing Linked Datasets with the VoID Vocabulary"). */
export function voidGraph(home: string, name: string): Node[] {
  const dataset = `${home}/.well-known/void#index`
  const features = ['Turtle', 'JSON-LD', 'RDF_XML']
  const vocabularies = [context.dcat, context.dct, context.foaf, context.skos, context.spdx, context.vcard]
  return [
    node({
      '@id': `${home}/.well-known/void`,
      '@type': 'void:DatasetDescription',
      'dct:title': `What linked data ${name} has`,
      'foaf:topic': { '@id': dataset },
    }),
    node({
      '@id': dataset,
      '@type': 'void:Dataset',
      'dct:title': name,
      'foaf:homepage': { '@id': `${home}/` },
      'void:uriSpace': `${home}/dataset/`,
      'void:rootResource': { '@id': `${home}/catalog` },
      'void:openSearchDescription': { '@id': `${home}/opensearch.xml` },
      'void:feature': features.map((format) => ({ '@id': `http://www.w3.org/ns/formats/${format}` })),
      'void:vocabulary': vocabularies.map((iri) => ({ '@id': iri })),
    }),
  ]
}
