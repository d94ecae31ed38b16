/** An object of a JSON-LD document with short names: `dct:title` and `schema:title` both become `title`. */
export interface Node {
  readonly [name: string]: unknown
}

const maxDepth = 12

/**
 * Reads JSON-LD as data portals publish it, without fetching contexts: prefixes are dropped, `@value` and `@list` are
 * unwrapped, and references into `@graph` are followed. `@type` becomes `type`, `@id` becomes `id`. A text in several languages
 * becomes a list of `{value, language}`, or a list of texts if it is neither a title nor a description.
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
  if (typeof id === 'string' && !isReference(value as Record<string, unknown>) && !index.has(id))
    index.set(id, value)
  for (const item of Object.values(value)) indexNodes(item, index, depth + 1)
}

interface Walk {
  readonly index: ReadonlyMap<string, object>
  /** The nodes above the current one, to which references are not followed. */
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
  if (typeof id === 'string' && isReference(object)) {
    const target = walk.index.get(id)
    return target && !walk.path.includes(target) ? shorten(target, walk) : id
  }
  return shortenFields(object, { ...walk, path: [...walk.path, object] })
}

/** Classes that only say what kind of thing an address is, which the property that refers to it says as well. */
const ofAddresses = new Set(['Document', 'WebPage', 'MediaType', 'MediaTypeOrExtent'])

/** Whether a node is only an address: `@id` alone, or with a class that adds nothing, as the ranges of DCAT-AP require. */
function isReference({ '@id': _, '@type': type, ...rest }: Record<string, unknown>): boolean {
  if (Object.keys(rest).length > 0) return false
  return type === undefined || [shortTypes(type)].flat().every((name) => ofAddresses.has(String(name)))
}

function shortenFields(object: Record<string, unknown>, walk: Walk): Node {
  const short: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(object)) {
    // Under `__proto__` an object keeps no field: an assignment would give it what it inherits.
    if (key === '@context' || key === '__proto__') continue
    const name = key === '@type' ? 'type' : key === '@id' ? 'id' : localName(key)
    // Two vocabularies may state the same value; a different value keeps its long name, and so is listed as left over.
    const languages = name === 'type' ? undefined : languagesOf(value)
    short[name in short ? key : name] =
      languages === undefined
        ? name === 'type'
          ? shortTypes(value)
          : shorten(value, walk)
        : wordedNames.has(name)
          ? languages
          : languages.map(({ value: text }) => text)
  }
  return short
}

/** Names of texts for people, of which one wording is chosen. */
const wordedNames = new Set(['title', 'name', 'description', 'label', 'prefLabel', 'fn', 'alternative'])

interface LanguageText {
  readonly value: unknown
  readonly language: string
}

/** The texts of a list of values with languages, or of a language map; undefined for anything else, and for a single text. */
function languagesOf(value: unknown): LanguageText[] | undefined {
  const found = Array.isArray(value) ? value.flatMap(taggedValue) : isLanguageMap(value) ? mapped(value) : []
  const isWhole = !Array.isArray(value) || found.length === value.length
  return found.length > (Array.isArray(value) ? 1 : 0) && isWhole ? found : undefined
}

function taggedValue(item: unknown): LanguageText[] {
  if (!isObject(item)) return []
  const { '@value': value, '@language': language } = item as Record<string, unknown>
  return typeof value === 'string' && typeof language === 'string' ? [{ value, language }] : []
}

const languageNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' })

/**
 * A language map: keys are languages, values are texts (JSON-LD 1.1, section 4.6.2), as in `{"de": "Pegel", "en":
 * ["Levels"]}`.
 */
function isLanguageMap(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false
  const entries = Object.entries(value)
  return (
    entries.length > 0 &&
    entries.every(
      ([key, text]) => isLanguage(key) && [text].flat().every((item) => typeof item === 'string'),
    ) &&
    !(entries.length === 1 && entries[0]![0] === 'id')
  )
}

function isLanguage(key: string): boolean {
  if (key === '@none') return true
  return /^[a-z]{2}(?:-[a-z0-9]{2,8})*$/i.test(key) && languageNames.of(key) !== undefined
}

function mapped(map: Record<string, unknown>): LanguageText[] {
  return Object.entries(map).flatMap(([language, texts]) =>
    [texts].flat().map((value) => ({ value, language })),
  )
}

function shortTypes(value: unknown): unknown {
  return Array.isArray(value) ? value.map(shortTypes) : typeof value === 'string' ? localName(value) : value
}

/** The short name: `title` for `dct:title` and for `http://purl.org/dc/terms/title`. */
function localName(name: string): string {
  return name.replace(/^.*[#/:](?=[^#/:]+$)/, '')
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
