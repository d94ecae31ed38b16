import { ownValue } from '../own-value.ts'

const resolvers: Readonly<Record<string, string>> = {
  doi: 'https://doi.org/',
  ark: 'https://n2t.net/ark:',
  handle: 'https://hdl.handle.net/',
  orcid: 'https://orcid.org/',
  ror: 'https://ror.org/',
  qid: 'http://www.wikidata.org/entity/',
  isbn: 'urn:isbn:',
  issn: 'urn:issn:',
}

/** An identifier in a form that shows its scheme, such as https://doi.org/… for a DOI. */
export function identifierText(scheme: string, value: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(value) ? value : `${ownValue(resolvers, scheme) ?? ''}${value}`
}
