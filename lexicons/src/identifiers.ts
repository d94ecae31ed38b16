import { homepageKey, parseWebUrl, trimTrailing } from './homepage.ts'

/** A persistent identifier as it stands in a record, or normalised. */
export interface Identifier {
  readonly scheme: string
  readonly value: string
}

/**
 * The one spelling of an identifier that all of its spellings come down to; undefined if it is malformed.
 *
 * `https://doi.org/10.5061/DRYAD.8515`, `doi:10.5061/dryad.8515` and the bare DOI are all
 * `{scheme: 'doi', value: '10.5061/dryad.8515'}`. A `uri` or `handle` that is a DOI or an ARK becomes one.
 * Identifiers of schemes unknown here are only trimmed.
 */
export function normalizeIdentifier({ scheme, value }: Identifier): Identifier | undefined {
  const normalize = normalizers[scheme.toLowerCase()]
  const text = value.trim()
  if (normalize) return normalize(text)
  return text === '' ? undefined : { scheme: scheme.toLowerCase(), value: text }
}

/** What a bare piece of text identifies, such as a DOI somebody typed into a search box; undefined if nothing. */
export function recognizeIdentifier(text: string): Identifier | undefined {
  const value = text.trim()
  return doi(value) ?? ark(value) ?? prefixed(value) ?? (parseWebUrl(value) ? uri(value) : undefined)
}

/** The part of a dataset record that says which body of data it describes. */
export interface Identified {
  readonly homepage?: string | undefined
  readonly identifiers?: readonly Identifier[] | undefined
}

/**
 * Keys such as `doi:10.5061/dryad.8515`, `ark:12148/btv1b8449691v` and `homepage:example.org/data`: records that
 * share one describe the same body of data.
 */
export function identityKeys({ homepage, identifiers = [] }: Identified): string[] {
  const all = homepage === undefined ? identifiers : [...identifiers, { scheme: 'uri', value: homepage }]
  const keys = all.map(normalizeIdentifier).map((found) => {
    if (found?.scheme === 'doi' || found?.scheme === 'ark') return `${found.scheme}:${found.value}`
    const page = found && ['uri', 'purl'].includes(found.scheme) ? homepageKey(found.value) : undefined
    return page === undefined ? undefined : `homepage:${page}`
  })
  return [...new Set(keys.filter((key) => key !== undefined))]
}

type Normalizer = (text: string) => Identifier | undefined

const normalizers: Record<string, Normalizer> = {
  doi,
  ark,
  handle: (text) => doi(text) ?? handle(text),
  purl: (text) => (parseWebUrl(text) ? { scheme: 'purl', value: webUrl(text) } : undefined),
  uri,
  urn,
  isbn,
  issn,
  qid: (text) =>
    tagged('qid', text.toUpperCase(), /^(?:HTTPS?:\/\/(?:WWW\.)?WIKIDATA\.ORG\/\w+\/)?(Q[1-9]\d*)$/),
  rrid: (text) =>
    tagged('rrid', text.slice(text.lastIndexOf('/') + 1), /^(?:RRID:\s*)?([A-Za-z]+[_:][\w:.-]+)$/i),
  orcid: (text) =>
    tagged('orcid', text.toUpperCase(), /^(?:HTTPS?:\/\/ORCID\.ORG\/)?((?:\d{4}-){3}\d{3}[\dX])$/),
  ror: (text) => tagged('ror', text.toLowerCase(), /^(?:https?:\/\/ror\.org\/)?(0[a-z0-9]{6}\d{2})$/),
}

/** DOI Handbook, section 2: a DOI is compared without regard to case; resolvers and prefixes are no part of it. */
function doi(text: string): Identifier | undefined {
  const resolved = /^https?:\/\/(?:dx\.|www\.)?doi\.org\/(.+)$/i.exec(text)?.[1]
  const bare =
    resolved === undefined ? text.replace(/^(?:info:doi\/|urn:doi:|doi:\s*)/i, '') : unescaped(resolved)
  return tagged('doi', bare.toLowerCase(), /^(10\.\d{4,9}(?:\.\d+)*\/[^\s]+)$/)
}

/**
 * ARK specification (draft-kunze-ark), section 2.7: hyphens are insignificant, `ark:/` is the old form of
 * `ark:`, the resolver and anything after `?` are no part of the name.
 */
function ark(text: string): Identifier | undefined {
  const match = /^(?:https?:\/\/[^/\s]+\/)?ark:\/?(\d[\dA-Za-z]{3,})\/([^\s?#]+)/i.exec(text)
  if (!match) return undefined
  const name = trimTrailing(unescaped(match[2] ?? '').replaceAll('-', ''), '/.')
  return name === '' ? undefined : { scheme: 'ark', value: `${match[1]?.toLowerCase()}/${name}` }
}

/** RFC 3650: the prefix and the ASCII letters of a handle are compared without regard to case. */
function handle(text: string): Identifier | undefined {
  const bare = text.replace(/^(?:https?:\/\/hdl\.handle\.net\/|hdl:|info:hdl\/)/i, '')
  return tagged('handle', bare.toLowerCase(), /^([\w.-]+\/[^\s]+)$/)
}

function uri(text: string): Identifier | undefined {
  const known = doi(text) ?? ark(text)
  if (known) return known
  if (parseWebUrl(text)) return { scheme: 'uri', value: webUrl(text) }
  return tagged('uri', text, /^([a-z][a-z\d+.-]*:[^\s]+)$/i)
}

function webUrl(text: string): string {
  return parseWebUrl(text)?.href ?? text
}

/** RFC 8141, section 3.1: `urn:` and the namespace are compared without regard to case. */
function urn(text: string): Identifier | undefined {
  const match = /^urn:([a-z\d][a-z\d-]{0,30}[a-z\d]):([^\s#?]+)/i.exec(text)
  return match ? { scheme: 'urn', value: `urn:${match[1]?.toLowerCase()}:${match[2]}` } : undefined
}

/** ISO 2108: ten digits are the thirteen that begin with 978. */
function isbn(text: string): Identifier | undefined {
  const digits = text
    .replace(/^(?:urn:)?isbn:?/i, '')
    .replace(/[\s-]/g, '')
    .toUpperCase()
  if (/^\d{13}$/.test(digits) && weighted(digits, [1, 3]) % 10 === 0) return { scheme: 'isbn', value: digits }
  if (!/^\d{9}[\dX]$/.test(digits) || weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 !== 0)
    return undefined
  const body = `978${digits.slice(0, 9)}`
  return { scheme: 'isbn', value: `${body}${(10 - (weighted(body, [1, 3]) % 10)) % 10}` }
}

/** ISO 3297. */
function issn(text: string): Identifier | undefined {
  const digits = text
    .replace(/^(?:urn:)?issn:?/i, '')
    .replace(/[\s-]/g, '')
    .toUpperCase()
  if (!/^\d{7}[\dX]$/.test(digits) || weighted(digits, [8, 7, 6, 5, 4, 3, 2, 1]) % 11 !== 0) return undefined
  return { scheme: 'issn', value: `${digits.slice(0, 4)}-${digits.slice(4)}` }
}

/** The sum of the digits, each times its weight; the weights repeat, and X is ten. */
function weighted(digits: string, weights: readonly number[]): number {
  return [...digits].reduce(
    (sum, digit, index) =>
      sum + (digit === 'X' ? 10 : Number(digit)) * (weights[index % weights.length] ?? 0),
    0,
  )
}

function prefixed(text: string): Identifier | undefined {
  const scheme = /^(urn|isbn|issn|hdl|rrid):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) return /^Q[1-9]\d*$/.test(text) ? { scheme: 'qid', value: text } : undefined
  return normalizeIdentifier({ scheme: scheme === 'hdl' ? 'handle' : scheme, value: text })
}

function tagged(scheme: string, text: string, pattern: RegExp): Identifier | undefined {
  const value = pattern.exec(text)?.[1]
  return value === undefined ? undefined : { scheme, value }
}

// A stranger's percent signs need not be escapes.
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
