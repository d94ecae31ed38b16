import type { defs } from '@holdfast/lexicons'
import { normalizeIdentifier, recognizeIdentifier } from '@holdfast/lexicons/identifiers'
import { slugify } from '../../publish/slug.ts'

/** An identifier out of one piece of text: a DOI, an ARK, an address; anything else is of the catalogue's own kind. */
export function toIdentifier(text: string, scheme?: string): defs.Identifier {
  const known = scheme && normalizeIdentifier({ scheme: scheme.toLowerCase(), value: text })
  return (
    known || (recognizeIdentifier(text) ?? { scheme: scheme?.toLowerCase() || 'local', value: text.trim() })
  )
}

/** The record key that an entry's identifier makes. */
export function slugOf({ value }: defs.Identifier): string {
  return slugify(value.replace(/^https?:\/\/(www\.)?/i, ''))
}

/** What another thing is to the data, by its identifier. */
export function related(relation: string, text: string, title?: string): defs.RelatedIdentifier {
  const { scheme, value } = toIdentifier(text)
  return { relation, scheme, value, ...(title ? { title } : {}) }
}

/** The same things once each, in order. */
export function unique<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}
