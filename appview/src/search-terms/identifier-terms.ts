import { fold } from './fold.ts'

/**
 * The term of an identifier: its letters and digits without the scheme, so that it is found with or without hyphens.
 * Undefined for a value that could also be a word or a year.
 */
export function identifierTerm(value: string): string | undefined {
  const bare = fold(value.trim()).replace(resolver, '').replace(scheme, '')
  const key = bare.replaceAll(/[^\p{L}\p{N}]+/gu, '')
  return /\d/.test(key) && key.length >= shortest && key.length <= longest ? `id:${key}` : undefined
}

const shortest = 6
const longest = 300
/** Matches the URLs of resolvers, which are not part of an identifier. */
const resolver = /^https?:\/\/(?:(?:dx\.|www\.)?doi\.org\/|hdl\.handle\.net\/|[^/\s]+\/(?=ark:))/
const scheme = /^(?:(?:urn|info):)?(?:doi|hdl|handle|ark|isbn|issn)(?:[:/]\/?\s*|\s+)/
