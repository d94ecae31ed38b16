import { identifierUrl, isWebUrl } from '@holdfast/lexicons/vocabularies/web-addresses'
import { type Child, type Html, html } from '../html.ts'

/** A link to an address in a record; plain text if it is not a web address. */
export function outsideLink(url: string, text: Child = url): Html {
  if (!isWebUrl(url)) return html`<bdi class="break">${text}</bdi>`
  return html`<a class="break" href="${url}" rel="nofollow ugc noopener noreferrer"><bdi>${text}</bdi></a>`
}

export function identifierLink(identifier: { scheme: string; value: string }): Html {
  const url = identifierUrl(identifier)
  const label = html`<span class="scheme">${schemeName(identifier.scheme)}</span> `
  return html`${label}${url ? outsideLink(url, identifier.value) : html`<bdi class="break">${identifier.value}</bdi>`}`
}

/** The usual spelling of a scheme of identifiers, most of which are abbreviations. */
export function schemeName(scheme: string): string {
  if (scheme === 'qid') return 'Wikidata'
  return /^(doi|ark|purl|urn|isbn|issn|rrid|orcid|ror|uri)$/.test(scheme) ? scheme.toUpperCase() : scheme
}
