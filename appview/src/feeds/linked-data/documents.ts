/** Writes graphs in three formats of linked data: Turtle, JSON-LD and RDF/XML. */
import { context, type Node, type Value } from '@holdfast/lexicons/vocabularies/json-ld'
import { Writer } from 'n3'
import { sayable } from '../xml.ts'
import { toQuads } from './quads.ts'
import { writeRdfXml } from './rdf-xml.ts'

export type Format = 'ttl' | 'jsonld' | 'rdf'

/** The media type and writer of each format, by the ending of its URLs. */
export const formats: Readonly<Record<Format, { type: string; write: (graph: readonly Node[]) => string }>> =
  {
    ttl: { type: 'text/turtle', write: writeTurtle },
    jsonld: { type: 'application/ld+json', write: writeJsonLd },
    rdf: { type: 'application/rdf+xml', write: (graph) => writeRdfXml(toQuads(graph)) },
  }

/** Writes a document. It says the same in every format, so characters that XML cannot express are replaced in all of them. */
export function writeGraph(format: Format, graph: readonly Node[]): string {
  return formats[format].write(graph.map((node) => cleaned(node) as Node))
}

function writeJsonLd(graph: readonly Node[]): string {
  return `${JSON.stringify({ '@context': context, '@graph': graph }, null, 1)}\n`
}

function writeTurtle(graph: readonly Node[]): string {
  const writer = new Writer({ prefixes: context })
  writer.addQuads(toQuads(graph))
  let text = ''
  writer.end((error, result: string) => {
    if (error) throw error
    text = result
  })
  return text
}

function cleaned(value: Value): Value {
  if (typeof value === 'string') return sayable(value)
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([term, part]) => [term, cleaned(part as Value)]),
  ) as Value
}
