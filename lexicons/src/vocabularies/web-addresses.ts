import { ownValue } from '../own-value.ts'

/** Whether a stranger's address may become a link: only http(s) addresses may. Anything else is shown as text. */
export function isWebUrl(url: string): boolean {
  return /^https?:\/\/[^\s/?#]/i.test(url) && URL.canParse(url)
}

/** The web address at which an identifier resolves, using the resolvers that each scheme's own documentation names. */
export function identifierUrl({ scheme, value }: { scheme: string; value: string }): string | undefined {
  if (isWebUrl(value)) return value
  const resolver = ownValue(resolvers, scheme.toLowerCase())
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
