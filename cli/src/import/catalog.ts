import { accountFor } from './account-for.ts'
import { importAcademicTorrent } from './formats/academic-torrents.ts'
import type { Imported } from './formats/aws-open-data-registry.ts'
import { importRegistryEntry } from './formats/aws-open-data-registry.ts'
import { importCkan, withExtras } from './formats/ckan.ts'
import { attributesOf, importDataCite } from './formats/datacite.ts'
import { importDcatUs } from './formats/dcat-us.ts'
import { importNip35, isTorrentEvent } from './formats/nip35.ts'
import { describedBySciop, importSciop } from './formats/sciop.ts'
import { importJsonLd } from './json-ld/dataset.ts'
import { type Node, readNodes, typesOf } from './json-ld/graph.ts'

/** The kinds of description that `holdfast import` reads from JSON or YAML. Bags are directories and are read elsewhere. */
export const catalogKinds = [
  'dcat-us',
  'croissant',
  'json-ld',
  'datacite',
  'ckan',
  'aws-registry',
  'sciop',
  'academic-torrents',
  'nip35',
] as const
export type CatalogKind = (typeof catalogKinds)[number]

/** Entries of one kind, each in the form that its catalog has. */
export interface Catalog {
  readonly kind: CatalogKind
  readonly entries: readonly unknown[]
}

/** Recognizes a document; undefined if it is none of the kinds. A document may be a list, or a list of pages of lists. */
export function readCatalog(document: unknown, kind = kindOf(document)): Catalog | undefined {
  return kind && { kind, entries: entriesOf(document, kind) }
}

export interface ImportOptions {
  readonly createdAt: string
  /** Where the catalog was read, if that is a web address. */
  readonly address?: string | undefined
}

/**
 * Makes a dataset of an entry and lists everything that could not be taken over; throws an Error that says what the
 * entry lacks.
 */
export function importEntry(kind: CatalogKind, entry: unknown, options: ImportOptions): Imported {
  return accountFor(readable(kind, entry), readEntry(kind, entry, options))
}

/** The part of an entry that its reader reads, under the names that it reads. */
function readable(kind: CatalogKind, entry: unknown): unknown {
  if (kind === 'datacite') return attributesOf(entry)
  if (kind === 'ckan') return withExtras(entry)
  if (kind === 'sciop') return describedBySciop(entry)
  // The reader of events names each tag that it leaves out.
  if (kind === 'nip35') return undefined
  // The prose that the registry's reader produces is compared word by word in its own test.
  return kind === 'aws-registry' ? undefined : entry
}

function readEntry(kind: CatalogKind, entry: unknown, options: ImportOptions): Imported {
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
    case 'sciop':
      return importSciop(entry, options)
    case 'academic-torrents':
      return importAcademicTorrent(entry, options)
    case 'nip35':
      return importNip35(entry, options)
  }
}

function kindOf(document: unknown): CatalogKind | undefined {
  if (Array.isArray(document)) return document.length > 0 ? kindOf(document[0]) : undefined
  if (typeof document !== 'object' || document === null) return undefined
  const has = (...names: string[]) => names.every((name) => name in document)
  const text = (name: string) => JSON.stringify((document as Record<string, unknown>)[name] ?? '')
  if (text('conformsTo').includes('project-open-data') || (has('accessLevel', 'title') && !has('result')))
    return 'dcat-us'
  if (has('Name') && (has('slug') || has('ManagedBy'))) return 'aws-registry'
  if (has('slug', 'threat', 'scarcity')) return 'sciop'
  if (isTorrentEvent(document)) return 'nip35'
  const { items, rss } = document as { items?: unknown; rss?: unknown }
  if (Array.isArray(items) && kindOf(items) === 'sciop') return 'sciop'
  if (itemsOfFeed(rss).some((item) => 'infohash' in item)) return 'academic-torrents'
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

function entriesOf(document: unknown, kind: CatalogKind): unknown[] {
  // The objects of a JSON-LD list refer to each other, so the list is read as a whole.
  if (Array.isArray(document) && kind !== 'json-ld' && kind !== 'croissant')
    return document.flatMap((item) => entriesOf(item, kind))
  const { dataset, result, packages, data, items, rss } = (document ?? {}) as Record<string, unknown>
  switch (kind) {
    case 'dcat-us':
      return Array.isArray(dataset) ? dataset : [document]
    case 'ckan':
      return ckanPackages(packages ?? result ?? document)
    case 'datacite':
      return Array.isArray(data) ? data : [document]
    case 'json-ld':
    case 'croissant':
      return onceEach(readNodes(document).flatMap(datasetsIn))
    case 'sciop':
      return Array.isArray(items) ? items : [document]
    case 'academic-torrents':
      return rss ? itemsOfFeed(rss) : [document]
    case 'aws-registry':
    case 'nip35':
      return [document]
  }
}

/** The items of an RSS feed that was read from XML. */
function itemsOfFeed(rss: unknown): object[] {
  const { channel } = (rss ?? {}) as { channel?: { item?: unknown } | null }
  const items = [channel?.item ?? []].flat()
  return items.filter((item): item is object => typeof item === 'object' && item !== null)
}

/**
 * The packages in an answer: `package_show` returns one, `package_search` an object with `results`,
 * `current_package_list_with_resources` a list.
 */
function ckanPackages(value: unknown): unknown[] {
  const { results } = (value ?? {}) as { results?: unknown }
  return Array.isArray(results) ? results : Array.isArray(value) ? value : [value]
}

/** Removes duplicates: a dataset that a catalog lists may also be in its graph. */
function onceEach(nodes: readonly Node[]): Node[] {
  const keyOf = (node: Node) => (typeof node.id === 'string' ? node.id : JSON.stringify(node))
  return [...new Map(nodes.toReversed().map((node) => [keyOf(node), node])).values()].toReversed()
}

/** The node itself if it is a dataset, or the datasets that a catalog lists. */
function datasetsIn(node: Node): Node[] {
  const types = typesOf(node)
  if (types.includes('Dataset')) return [node]
  const listed = [node.dataset, node.mainEntity, node.hasPart, node.about].flat() as unknown[]
  return listed.filter((item): item is Node => typesOf((item ?? {}) as Node).includes('Dataset'))
}
