import type { defs } from '../index.ts'
import {
  inWords,
  toAgent,
  toContact,
  toDate,
  toLanguage,
  toLicense,
  toLocation,
  toPeriod,
} from './dcat-values.ts'
import type { DescribedDataset, NameOf } from './described-dataset.ts'
import { sourceDistribution, torrentDistribution } from './distributions.ts'
import { identifierText } from './identifiers.ts'
import { classed, type Node, node, reference } from './json-ld.ts'

/** Maps a dataset to DCAT 3 and its application profile for Europe (DCAT-AP 3), as far as the record has the information. */
export function toDcatDataset(dataset: DescribedDataset, nameOf: NameOf = (uri) => uri): Node {
  const { uri, record } = dataset
  const license = toLicense(record.license)
  const named = (ref: defs.RecordRef | undefined) => ref && reference(nameOf(ref.uri))
  return node({
    '@id': nameOf(uri),
    '@type': 'dcat:Dataset',
    'dct:title': record.title,
    'dct:description': dataset.description ?? record.description,
    'dct:creator': record.creators?.map(toAgent),
    'dct:contributor': record.contributors?.map(({ agent }) => toAgent(agent)),
    'dct:publisher': record.publisher && toAgent(record.publisher),
    'dcat:contactPoint': record.contacts?.map(toContact),
    'dcat:landingPage': classed('foaf:Document', reference(record.homepage)),
    'dct:identifier': [
      ...(nameOf(uri) === uri ? [] : [uri]),
      ...(record.identifiers ?? []).map(({ scheme, value }) => identifierText(scheme, value)),
    ],
    'dct:license': license,
    'dct:accessRights': inWords('dct:RightsStatement', record.accessRights),
    'dct:bibliographicCitation': record.citation,
    // A theme is a concept of a vocabulary with an address; a concept without one becomes a keyword.
    'dcat:keyword': [
      ...(record.keywords ?? []).map(({ name }) => name),
      ...(record.subjects ?? []).flatMap(({ uri, label }) => (reference(uri) ? [] : (label ?? []))),
    ],
    'dcat:theme': record.subjects?.flatMap(toConcept),
    'dct:language': record.languages?.map(toLanguage),
    'dct:temporal': toPeriod(record.temporal),
    'dct:spatial': toLocation(record.spatial),
    'dct:issued': toDate(record.issued),
    'dct:modified': toDate(record.modified),
    'dct:accrualPeriodicity': inWords('dct:Frequency', record.updateFrequency),
    'dcat:version': record.version,
    'dcat:isVersionOf': named(record.versionOf),
    'dct:replaces': named(record.supersedes),
    'dct:source': (record.derivedFrom ?? []).flatMap((ref) => named(ref) ?? []),
    'dct:relation': (record.relatedIdentifiers ?? []).flatMap(toRelated),
    'dct:provenance':
      record.adoptedFrom && inWords('dct:ProvenanceStatement', `Adopted from ${record.adoptedFrom.uri}`),
    'dcat:distribution': [
      ...(record.sources ?? []).map((source) => sourceDistribution(source, license)),
      ...dataset.torrents.map((torrent) => torrentDistribution(torrent, { license, nameOf })),
    ],
  })
}

function toConcept({ uri, label }: defs.Subject): Node[] {
  const concept = reference(uri)
  return concept ? [node({ ...concept, '@type': 'skos:Concept', 'skos:prefLabel': label })] : []
}

/** `dct:relation` requires a resource: something without an address becomes a node with a name. */
function toRelated({ scheme, value, title }: defs.RelatedIdentifier): Node {
  const name = identifierText(scheme, value)
  return reference(name) ?? { 'rdfs:label': title ?? name }
}
