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
import { type Node, node, reference } from './json-ld.ts'

/** A dataset as DCAT 3 and its application profile for Europe (DCAT-AP 3) describe one, as far as its record goes. */
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
    'dcat:landingPage': reference(record.homepage),
    'dct:identifier': [
      ...(nameOf(uri) === uri ? [] : [uri]),
      ...(record.identifiers ?? []).map(({ scheme, value }) => identifierText(scheme, value)),
    ],
    'dct:license': license,
    'dct:accessRights': inWords('dct:RightsStatement', record.accessRights),
    'dct:bibliographicCitation': record.citation,
    'dcat:keyword': record.keywords?.map(({ name }) => name),
    'dcat:theme': record.subjects?.map(toConcept),
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
      record.adoptedFrom && inWords('dct:ProvenanceStatement', `Carried on from ${record.adoptedFrom.uri}`),
    'dcat:distribution': [
      ...(record.sources ?? []).map((source) => sourceDistribution(source, license)),
      ...dataset.torrents.map((torrent) => torrentDistribution(torrent, { license, nameOf })),
    ],
  })
}

function toConcept({ uri, label }: defs.Subject): Node {
  return node({ ...reference(uri), '@type': 'skos:Concept', 'skos:prefLabel': label })
}

/** `dct:relation` is to a thing: what has no address is a thing with a name. */
function toRelated({ scheme, value, title }: defs.RelatedIdentifier): Node {
  const name = identifierText(scheme, value)
  return reference(name) ?? { 'rdfs:label': title ?? name }
}
