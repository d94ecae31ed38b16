import type { Imported } from './formats/aws-open-data-registry.ts'
import { importRegistryEntry } from './formats/aws-open-data-registry.ts'
import { importCkan } from './formats/ckan.ts'
import { importDataCite } from './formats/datacite.ts'
import { importDcatUs } from './formats/dcat-us.ts'
import { importJsonLd } from './json-ld/dataset.ts'
import { type Node, readNodes, typesOf } from './json-ld/graph.ts'

/** The kinds of description that `holdfast import` reads from JSON or YAML; bags are directories. */
export const catalogueKinds = ['dcat-us', 'croissant', 'json-ld', 'datacite', 'ckan', 'aws-registry'] as const
export type CatalogueKind = (typeof catalogueKinds)[number]

/** Entries of one kind, each still as its catalogue has it. */
export interface Catalogue {
  readonly kind: CatalogueKind
  readonly entries: readonly unknown[]
}

/** What a document is; undefined if it is none of the kinds. Documents may be lists, and lists of pages of lists. */
export function readCatalogue(document: unknown, kind = kindOf(document)): Catalogue | undefined {
  return kind && { kind, entries: entriesOf(document, kind) }
}

/** Makes a dataset of an entry; throws an Error that says what the entry lacks. */
export function importEntry(kind: CatalogueKind, entry: unknown, options: { createdAt: string }): Imported {
  switch (kind) {
    case 'dcat-us':
      return importDcatUs(entry, options)
    case 'croissant':
    case 'json-ld':
      return importJsonLd(entry as Node, options)
    case 'datacite':
      return importDataCite(entry, options)
    case 'ckan':
      return importCkan(entry, options)
    case 'aws-registry':
      return importRegistryEntry(entry, options)
  }
}

function kindOf(document: unknown): CatalogueKind | undefined {
  if (Array.isArray(document)) return document.length > 0 ? kindOf(document[0]) : undefined
  if (typeof document !== 'object' || document === null) return undefined
  const has = (...names: string[]) => names.every((name) => name in document)
  const text = (name: string) => JSON.stringify((document as Record<string, unknown>)[name] ?? '')
  if (text('conformsTo').includes('project-open-data') || (has('accessLevel', 'title') && !has('result')))
    return 'dcat-us'
  if (has('Name') && (has('slug') || has('ManagedBy'))) return 'aws-registry'
  if (
    has('success', 'result') ||
    has('packages') ||
    (has('name') && (has('metadata_created') || has('owner_org') || has('num_resources')))
  )
    return 'ckan'
  if (isDataCite(document as Record<string, unknown>)) return 'datacite'
  if (/mlcommons\.org\/croissant/i.test(text('conformsTo') + text('@context'))) return 'croissant'
  if (has('@context') || has('@graph') || has('@type')) return 'json-ld'
  if (has('dataset')) return 'dcat-us'
  return undefined
}

function isDataCite(document: Record<string, unknown>): boolean {
  const data = [document.data].flat()[0] as Record<string, unknown> | undefined
  const attributes = (data?.attributes ?? document.attributes ?? document) as Record<string, unknown>
  return (
    'titles' in attributes &&
    ('creators' in attributes || 'doi' in attributes || 'publicationYear' in attributes)
  )
}

function entriesOf(document: unknown, kind: CatalogueKind): unknown[] {
  if (Array.isArray(document)) return document.flatMap((item) => entriesOf(item, kind))
  const { dataset, result, packages, data } = (document ?? {}) as Record<string, unknown>
  switch (kind) {
    case 'dcat-us':
      return Array.isArray(dataset) ? dataset : [document]
    case 'ckan':
      return ckanPackages(packages ?? result ?? document)
    case 'datacite':
      return Array.isArray(data) ? data : [document]
    case 'json-ld':
    case 'croissant':
      return readNodes(document).flatMap(datasetsIn)
    case 'aws-registry':
      return [document]
  }
}

/** `package_show` answers with one, `package_search` with `results`, `current_package_list_with_resources` with a list. */
function ckanPackages(value: unknown): unknown[] {
  const { results } = (value ?? {}) as { results?: unknown }
  return Array.isArray(results) ? results : Array.isArray(value) ? value : [value]
}

/** A dataset, or the datasets a catalogue lists. */
function datasetsIn(node: Node): Node[] {
  const types = typesOf(node)
  if (types.includes('Dataset')) return [node]
  const listed = [node.dataset, node.mainEntity, node.hasPart, node.about].flat() as unknown[]
  return listed.filter((item): item is Node => typesOf((item ?? {}) as Node).includes('Dataset'))
}
