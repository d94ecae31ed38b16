import { collections } from './nsid.ts'

/**
 * The path of a dataset's page at an AppView: `/dataset/DID/RKEY`, with the collection in between if it is not this
 * copy's own.
 */
export function datasetPath(uri: string): string {
  const [did = '', collection = '', rkey = ''] = uri.slice('at://'.length).split('/')
  const between = collection === collections.dataset ? '' : `/${pathSegment(collection)}`
  return `/dataset/${pathSegment(did)}${between}/${pathSegment(rkey)}`
}

/**
 * Escapes any text as one path segment. Colons are kept: RFC 3986 section 3.3 allows them, and a DID is easier to read
 * with them.
 */
export function pathSegment(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%3A', ':')
}
