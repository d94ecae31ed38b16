import { type Child, type Html, html } from '../html.ts'

/** Whether a stranger's address may become a link: the web only. Anything else is shown as text. */
export function isWebUrl(url: string): boolean {
  return /^https?:\/\/[^\s/?#]/i.test(url) && URL.canParse(url)
}

/** A link to an address that somebody wrote in a record; plain text where it leads nowhere a browser may go. */
export function outsideLink(url: string, text: Child = url): Html {
  if (!isWebUrl(url)) return html`<bdi class="break">${text}</bdi>`
  return html`<a class="break" href="${url}" rel="nofollow ugc noopener noreferrer"><bdi>${text}</bdi></a>`
}

/** Where an identifier resolves (the resolvers that each scheme's own documentation names). */
export function identifierUrl({ scheme, value }: { scheme: string; value: string }): string | undefined {
  if (isWebUrl(value)) return value
  const resolver = resolvers[scheme.toLowerCase()]
  return resolver && `${resolver}${encodeURI(value.toWellFormed())}`
}

const resolvers: Readonly<Record<string, string>> = {
  doi: 'https://doi.org/',
  ark: 'https://n2t.net/',
  handle: 'https://hdl.handle.net/',
  urn: 'https://nbn-resolving.org/',
  issn: 'https://portal.issn.org/resource/ISSN/',
  qid: 'https://www.wikidata.org/wiki/',
  rrid: 'https://scicrunch.org/resolver/',
  orcid: 'https://orcid.org/',
  ror: 'https://ror.org/',
}

export function identifierLink(identifier: { scheme: string; value: string }): Html {
  const url = identifierUrl(identifier)
  const label = html`<span class="scheme">${identifier.scheme}</span> `
  return html`${label}${url ? outsideLink(url, identifier.value) : html`<bdi class="break">${identifier.value}</bdi>`}`
}
