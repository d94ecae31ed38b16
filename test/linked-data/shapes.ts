import { readFileSync } from 'node:fs'
import { Parser, type Quad, Store } from 'n3'
import SHACLValidator from 'rdf-validate-shacl'

const shapes = new Store(
  new Parser().parse(readFileSync(new URL('./dcat-ap.shapes.ttl', import.meta.url), 'utf8')),
)

/** The violations of the DCAT-AP shapes in a graph, found by rdf-validate-shacl: property and value. */
export async function violations(quads: Iterable<object>): Promise<string[]> {
  const report = await new SHACLValidator(shapes as never).validate(new Store([...quads] as Quad[]) as never)
  return report.results.map(
    ({ path, value }) => `${(path as { value?: string } | null)?.value} ${value?.value}`,
  )
}
