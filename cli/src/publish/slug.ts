import { createHash } from 'node:crypto'
import { normalizeIdentifier } from '@holdfast/lexicons/identifiers'
import type { RecordJson } from '../records/repo.ts'

/** Record keys have at most 512 characters (atproto record key spec); a readable slug needs fewer. */
const maxSlugLength = 100

/** Schemes whose identifier becomes the key, the best first. */
const keySchemes = ['doi', 'ark', 'urn', 'handle', 'purl', 'isbn', 'issn', 'qid', 'rrid']

/**
 * The record key of a dataset: made from its source's identifier (`10.5061/dryad.8515` becomes `10.5061-dryad.8515`),
 * else from the title and a short hash, so that two datasets with one title rarely get the same key.
 */
export function datasetSlug(record: RecordJson): string {
  const identifiers = (record.identifiers ?? []) as { scheme: string; value: string }[]
  for (const scheme of keySchemes) {
    for (const identifier of identifiers) {
      const normal = normalizeIdentifier(identifier)
      if (normal?.scheme === scheme) return slugify(normal.value)
    }
  }
  const title = String(record.title ?? '')
    .normalize('NFC')
    .trim()
  return `${slugify(title, 60)}-${createHash('sha256').update(title).digest('hex').slice(0, 8)}`
}

/**
 * Makes a valid record key that still resembles `text`: accents are removed, and unusual characters become hyphens. A
 * text that leaves nothing, such as Chinese, becomes a hash.
 */
export function slugify(text: string, maxLength = maxSlugLength): string {
  const slug = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._~]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
  const hash = () => createHash('sha256').update(text).digest('hex').slice(0, 12)
  if (!/[a-z0-9]/.test(slug)) return hash()
  if (slug.length <= maxLength) return slug
  // Long identifiers often differ only at their end.
  return `${slug.slice(0, maxLength - 9).replace(/[-.]+$/, '')}-${hash().slice(0, 8)}`
}
