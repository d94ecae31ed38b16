/** An object of a JSON-LD document under short names: `dct:title` and `schema:title` are both `title`. */
export type Node = { readonly [name: string]: unknown }

const maxDepth = 12

/**
 * Reads JSON-LD as it stands in data portals, without fetching contexts: prefixes are dropped, `@value` and `@list` are
 * unwrapped, references into `@graph` are followed. `@type` becomes `type`, `@id` becomes `id`.
 */
export function readNodes(document: unknown): Node[] {
  const raw = topLevel(document)
  const index = new Map<string, object>()
  for (const node of raw) indexNodes(node, index, 0)
  return raw.map((node) => shorten(node, { index, path: [] }) as Node)
}

/** The short names of a node's types, such as `Dataset`. */
export function typesOf(node: Node): string[] {
  return [node.type].flat().filter((type) => typeof type === 'string')
}

function topLevel(document: unknown): object[] {
  if (Array.isArray(document)) return document.flatMap(topLevel)
  if (!isObject(document)) return []
  const graph = (document as Record<string, unknown>)['@graph']
  return Array.isArray(graph) ? graph.filter(isObject) : [document]
}

function indexNodes(value: unknown, index: Map<string, object>, depth: number): void {
  if (depth > maxDepth) return
  if (Array.isArray(value)) for (const item of value) indexNodes(item, index, depth + 1)
  if (!isObject(value)) return
  const id = (value as Record<string, unknown>)['@id']
  if (typeof id === 'string' && Object.keys(value).length > 1 && !index.has(id)) index.set(id, value)
  for (const item of Object.values(value)) indexNodes(item, index, depth + 1)
}

interface Walk {
  readonly index: ReadonlyMap<string, object>
  /** Nodes on the way down, which a reference must not lead back to. */
  readonly path: readonly object[]
}

function shorten(value: unknown, walk: Walk): unknown {
  if (walk.path.length > maxDepth) return value
  if (Array.isArray(value)) {
    const items = value.map((item) => shorten(item, walk))
    return items.length === 1 ? items[0] : items
  }
  if (!isObject(value)) return value
  const object = value as Record<string, unknown>
  if ('@value' in object) return object['@value']
  if ('@list' in object) return shorten(object['@list'], walk)
  const id = object['@id']
  if (typeof id === 'string' && Object.keys(object).length === 1) {
    const target = walk.index.get(id)
    return target && !walk.path.includes(target) ? shorten(target, walk) : id
  }
  return shortenFields(object, { ...walk, path: [...walk.path, object] })
}

function shortenFields(object: Record<string, unknown>, walk: Walk): Node {
  const short: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(object)) {
    if (key === '@context') continue
    const name = key === '@type' ? 'type' : key === '@id' ? 'id' : localName(key)
    // Two vocabularies may say the same; what differs keeps its long name and so shows up among what is left.
    short[name in short ? key : name] = name === 'type' ? shortTypes(value) : shorten(value, walk)
  }
  return short
}

function shortTypes(value: unknown): unknown {
  return Array.isArray(value) ? value.map(shortTypes) : typeof value === 'string' ? localName(value) : value
}

/** `title` of `dct:title` and of `http://purl.org/dc/terms/title`. */
function localName(name: string): string {
  return name.replace(/^.*[#/:](?=[^#/:]+$)/, '')
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
