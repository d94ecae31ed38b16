import { context, type Node, type Value } from '@holdfast/lexicons/vocabularies/json-ld'
import { DataFactory, type Quad } from 'n3'

const { namedNode, blankNode, literal, quad } = DataFactory
const rdfType = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type'

/** The triples of a graph, grouped by node. Blank nodes get the same names each time. */
export function toQuads(graph: readonly Node[]): Quad[] {
  const quads: Quad[] = []
  let blanks = 0
  const subjectOf = (node: Node) =>
    typeof node['@id'] === 'string' ? namedNode(expand(node['@id'])) : blankNode(`b${blanks++}`)

  function write(node: Node, subject: ReturnType<typeof subjectOf>): void {
    const nested: [Node, ReturnType<typeof subjectOf>][] = []
    for (const [term, value] of Object.entries(node)) {
      if (term === '@id' || value === undefined) continue
      const predicate = namedNode(term === '@type' ? rdfType : expand(term))
      for (const item of listOf(value)) {
        if (typeof item === 'string') {
          const object = term === '@type' ? namedNode(expand(item)) : literal(item)
          quads.push(quad(subject, predicate, object))
        } else if ('@value' in item) {
          const type = namedNode(expand(String(item['@type'])))
          quads.push(quad(subject, predicate, literal(item['@value'] as string, type)))
        } else {
          const object = subjectOf(item)
          quads.push(quad(subject, predicate, object))
          nested.push([item, object])
        }
      }
    }
    for (const [item, object] of nested) write(item, object)
  }
  for (const node of graph) write(node, subjectOf(node))
  return quads
}

function listOf(value: Value): readonly Exclude<Value, readonly Value[]>[] {
  return (Array.isArray(value) ? value : [value]) as readonly Exclude<Value, readonly Value[]>[]
}

/** Expands a compact IRI. Text with `//` after the colon is not compact (JSON-LD 1.1, section 4.1.5). */
function expand(name: string): string {
  const colon = name.indexOf(':')
  const prefix = name.slice(0, colon)
  const rest = name.slice(colon + 1)
  return Object.hasOwn(context, prefix) && !rest.startsWith('//')
    ? context[prefix as keyof typeof context] + rest
    : name
}
