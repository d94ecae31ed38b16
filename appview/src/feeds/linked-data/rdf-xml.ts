import { context } from '@holdfast/lexicons/vocabularies/json-ld'
import type { Quad, Term } from 'n3'
import { type Element, element, writeXml } from '../xml.ts'

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'
const namespaces = Object.entries({ rdf, ...context })
const xsdString = 'http://www.w3.org/2001/XMLSchema#string'

/** Writes RDF 1.1 XML Syntax, with a description for each subject. Every predicate must belong to a vocabulary with a prefix. */
export function writeRdfXml(quads: readonly Quad[]): string {
  const subjects = Map.groupBy(quads, ({ subject }) => `${subject.termType} ${subject.value}`)
  const prefixes = Object.fromEntries(namespaces.map(([prefix, iri]) => [`xmlns:${prefix}`, iri]))
  return writeXml(element('rdf:RDF', prefixes, ...[...subjects.values()].map(description)))
}

function description(quads: readonly Quad[]): Element {
  const { subject } = quads[0]!
  const name = subject.termType === 'BlankNode' ? 'rdf:nodeID' : 'rdf:about'
  return element('rdf:Description', { [name]: subject.value }, ...quads.map(property))
}

function property({ predicate, object }: Quad): Element {
  const [prefix, namespace] = namespaces.find(([, iri]) => predicate.value.startsWith(iri)) ?? []
  if (!prefix || !namespace)
    throw new TypeError(`${predicate.value} belongs to no vocabulary that has a prefix`)
  const { attributes, text } = contentOf(object)
  return element(`${prefix}:${predicate.value.slice(namespace.length)}`, attributes, text)
}

function contentOf(object: Term): { attributes: Element['attributes']; text?: string } {
  if (object.termType === 'NamedNode') return { attributes: { 'rdf:resource': object.value } }
  if (object.termType === 'BlankNode') return { attributes: { 'rdf:nodeID': object.value } }
  if (object.termType !== 'Literal') throw new TypeError(`RDF/XML has no way to say a ${object.termType}`)
  const type = object.datatype.value
  return { attributes: type === xsdString ? {} : { 'rdf:datatype': type }, text: object.value }
}
