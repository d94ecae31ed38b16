import type { defs } from '@holdfast/lexicons'
import { normalizeIdentifier, recognizeIdentifier } from '@holdfast/lexicons/identifiers'
import { slugify } from '../../publish/slug.ts'

/** Reads an identifier from a text: a DOI, an ARK, an address; anything else belongs to the catalog's own scheme. */
export function toIdentifier(text: string, scheme?: string): defs.Identifier {
  const known = scheme && normalizeIdentifier({ scheme: scheme.toLowerCase(), value: text })
  return (
    known || (recognizeIdentifier(text) ?? { scheme: scheme?.toLowerCase() || 'local', value: text.trim() })
  )
}

/** The record key for an entry's identifier. */
export function slugOf({ value }: defs.Identifier): string {
  return slugify(value.replace(/^https?:\/\/(www\.)?/i, ''))
}

/** A related thing, identified by `text`. */
export function related(relation: string, text: string, title?: string): defs.RelatedIdentifier {
  const { scheme, value } = toIdentifier(text)
  return { relation, scheme, value, ...(title ? { title } : {}) }
}

/** The items without duplicates, in order. */
export function unique<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}
