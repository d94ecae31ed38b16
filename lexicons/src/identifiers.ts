import { homepageKey, parseWebUrl, trimTrailing } from './homepage.ts'
import { ownValue } from './own-value.ts'

/** A persistent identifier, as it is written in a record or normalized. */
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
  const normalize = ownValue(normalizers, scheme.toLowerCase())
  const text = value.trim()
  if (normalize) return normalize(text)
  return text === '' ? undefined : { scheme: scheme.toLowerCase(), value: text }
}

/** What a bare text identifies, such as a DOI that somebody typed into a search box; undefined if it is not an identifier. */
export function recognizeIdentifier(text: string): Identifier | undefined {
  const value = text.trim()
  return doi(value) ?? ark(value) ?? prefixed(value) ?? (parseWebUrl(value) ? uri(value) : undefined)
}

/** The fields of a dataset record that say which body of data it describes. */
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

/** The keys by which records that describe one body of data are found. */
export interface CardKeys {
  /** Identifiers with the same meaning everywhere: records that share one describe the same body of data. */
  readonly own: string[]
  /** Whether it has any identifier at all. Records with different identifiers of a catalog are not joined by a shared page. */
  readonly isIdentified: boolean
  /**
   * The homepage together with the title. It joins records without identifiers, because many datasets may share a
   * landing page.
   */
  readonly page: string | undefined
}

const maxCardKeys = 20
/** Schemes in which a value identifies one thing, whoever writes it; the number of a serial or a local number does not. */
const globalSchemes = new Set(['handle', 'urn'])

/** The keys of a dataset record; of a very large number of identifiers only the first are used. */
export function cardKeys(record: Identified & { readonly title?: string | undefined }): CardKeys {
  const { homepage, title = '', identifiers = [] } = record
  const found = identifiers.flatMap((identifier) => normalizeIdentifier(identifier) ?? [])
  const named = found.flatMap(({ scheme, value }) => (globalSchemes.has(scheme) ? `${scheme}:${value}` : []))
  const ofHomepage = identityKeys({ homepage }).find((key) => !key.startsWith('homepage:'))
  const own = [...(ofHomepage ? [ofHomepage] : []), ...identityKeys({ identifiers }), ...named]
  const page = homepage === undefined || ofHomepage ? undefined : homepageKey(homepage)
  return {
    own: [...new Set(own)].slice(0, maxCardKeys),
    isIdentified: found.length > 0 || ofHomepage !== undefined,
    page: page === undefined ? undefined : `page:${page} ${titleFingerprint(title)}`,
  }
}

/** The words of a title, regardless of order, case, accents and punctuation. */
function titleFingerprint(title: string): string {
  const words =
    title
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  return [...new Set(words)].sort().join(' ')
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

/** A DOI is compared regardless of case, and without resolver and prefix (DOI Handbook, section 2). */
function doi(text: string): Identifier | undefined {
  const resolved = /^https?:\/\/(?:dx\.|www\.)?doi\.org\/(.+)$/i.exec(text)?.[1]
  const bare =
    resolved === undefined ? text.replace(/^(?:info:doi\/|urn:doi:|doi:\s*)/i, '') : unescaped(resolved)
  return tagged('doi', bare.toLowerCase(), /^(10\.\d{4,9}(?:\.\d+)*\/[^\s]+)$/)
}

/**
 * In an ARK, hyphens are insignificant, `ark:/` is the old form of `ark:`, and the resolver and anything after `?` are
 * not part of the name (ARK specification, draft-kunze-ark, section 2.7).
 */
function ark(text: string): Identifier | undefined {
  const match = /^(?:https?:\/\/[^/\s]+\/)?ark:\/?(\d[\dA-Za-z]{3,})\/([^\s?#]+)/i.exec(text)
  if (!match) return undefined
  const name = trimTrailing(unescaped(match[2] ?? '').replaceAll('-', ''), '/.')
  return name === '' ? undefined : { scheme: 'ark', value: `${match[1]?.toLowerCase()}/${name}` }
}

/** The prefix and the ASCII letters of a handle are compared regardless of case (RFC 3650). */
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

/** In a URN, `urn:` and the namespace are compared regardless of case (RFC 8141, section 3.1). */
function urn(text: string): Identifier | undefined {
  const match = /^urn:([a-z\d][a-z\d-]{0,30}[a-z\d]):([^\s#?]+)/i.exec(text)
  return match ? { scheme: 'urn', value: `urn:${match[1]?.toLowerCase()}:${match[2]}` } : undefined
}

/** An ISBN of ten digits is equivalent to the thirteen digits that begin with 978 (ISO 2108). */
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

/** Checks and normalizes an ISSN (ISO 3297). */
function issn(text: string): Identifier | undefined {
  const digits = text
    .replace(/^(?:urn:)?issn:?/i, '')
    .replace(/[\s-]/g, '')
    .toUpperCase()
  if (!/^\d{7}[\dX]$/.test(digits) || weighted(digits, [8, 7, 6, 5, 4, 3, 2, 1]) % 11 !== 0) return undefined
  return { scheme: 'issn', value: `${digits.slice(0, 4)}-${digits.slice(4)}` }
}

/** The sum of the digits, each multiplied by its weight; the weights repeat, and X means ten. */
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

// A stranger's percent signs may not be valid escapes.
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
