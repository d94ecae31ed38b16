/** Reads linked data with other people's parsers. */
import { Readable } from 'node:stream'
import { JsonLdParser } from 'jsonld-streaming-parser'
import { Parser, type Quad } from 'n3'
import { canonize } from 'rdf-canonize'
import { RdfXmlParser } from 'rdfxml-streaming-parser'

/** The parsers by media type: n3 for Turtle, jsonld-streaming-parser, rdfxml-streaming-parser. None may fetch anything. */
export const readers: Readonly<Record<string, (text: string, base: string) => Promise<Quad[]>>> = {
  'text/turtle': async (text, base) => new Parser({ baseIRI: base }).parse(text),
  'application/ld+json': (text, base) =>
    collect(
      Readable.from([text]).pipe(
        new JsonLdParser({ baseIRI: base, documentLoader: { load: refuseToFetch } }),
      ),
    ),
  'application/rdf+xml': (text, base) =>
    collect(Readable.from([text]).pipe(new RdfXmlParser({ baseIRI: base }))),
}

/** The canonical form of a graph, whatever its blank nodes are called (URDNA2015, by rdf-canonize). */
export async function canonical(quads: Iterable<object>): Promise<string> {
  return canonize([...quads], { algorithm: 'URDNA2015', format: 'application/n-quads' })
}

async function collect(stream: AsyncIterable<unknown>): Promise<Quad[]> {
  const quads: Quad[] = []
  for await (const quad of stream) quads.push(quad as Quad)
  return quads
}

async function refuseToFetch(url: string): Promise<never> {
  throw new Error(`${url} would be fetched`)
}
