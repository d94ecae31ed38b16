/** Makes citations from a record, for datasets that do not state their own: APA 7, BibTeX, RIS and CSL-JSON. */
import { edtfBounds } from '../edtf.ts'
import type { dataset, defs } from '../index.ts'
import { identifierUrl } from './web-addresses.ts'

export interface Citation {
  format: 'APA' | 'BibTeX' | 'RIS' | 'CSL-JSON'
  text: string
}

export interface Cited {
  /** The AT-URI of the record. */
  uri: string
  record: dataset.Main
  /** The address of the dataset, used if it has no identifier of its own. */
  url: string
  /** The infohashes of the torrents that contain the cited version. */
  infoHashes: readonly string[]
}

/** The words of a citation, in the language of its reader. */
export interface CitationWords {
  version: string
  dataset: string
  /** The word for a dataset of unknown year. */
  undated: string
  /** The word before the last author. */
  and: string
  infoHash: string
}

const english: CitationWords = {
  version: 'Version',
  dataset: 'Data set',
  undated: 'n.d.',
  and: ', &',
  infoHash: 'BitTorrent infohash',
}

/** Makes the citations. The version is identified by the record's AT-URI and by infohashes, which are hashes of the bytes. */
export function citations(cited: Cited, words: CitationWords = english): Citation[] {
  const facts = { ...factsOf(cited), words }
  return [
    { format: 'APA', text: apa(facts) },
    { format: 'BibTeX', text: bibtex(facts) },
    { format: 'RIS', text: ris(facts) },
    { format: 'CSL-JSON', text: JSON.stringify([csl(facts)], null, 2) },
  ]
}

/**
 * The infohashes that identify a version: those of torrents that their own author has not superseded, v2 where there is
 * one.
 */
export function citedInfoHashes(torrents: readonly defs.TorrentView[]): string[] {
  const hashes = currentTorrents(torrents).flatMap(
    ({ infoHashV1, infoHashV2 }) => infoHashV2 ?? infoHashV1 ?? [],
  )
  return [...new Set(hashes)].slice(0, mostInfoHashes)
}

/** Leaves out torrents that their own author has superseded; a claim of anybody else is ignored. */
export function currentTorrents<T extends Pick<defs.TorrentView, 'author' | 'supersededBy'>>(
  torrents: readonly T[],
): T[] {
  return torrents.filter(
    ({ author, supersededBy = [] }) => !supersededBy.some((by) => by.uri.startsWith(`at://${author.did}/`)),
  )
}

const mostInfoHashes = 5

interface Facts {
  title: string
  names: string[]
  /** The year, with month and day if they are known. */
  date: number[]
  year: string | undefined
  version: string | undefined
  publisher: string | undefined
  doi: string | undefined
  url: string
  uri: string
  infoHashes: readonly string[]
  words: CitationWords
}

const mostNames = 50

function factsOf({ record, url, uri, infoHashes }: Cited): Omit<Facts, 'words'> {
  // If no date of the data is known, the year of the record is used.
  const date = dateOf(record.issued ?? record.modified ?? record.createdAt?.slice(0, 4))
  const doi = record.identifiers?.find(({ scheme }) => scheme.toLowerCase() === 'doi')
  const [ark] =
    record.identifiers?.filter(({ scheme }) => ['ark', 'handle', 'purl'].includes(scheme.toLowerCase())) ?? []
  const names = (record.creators ?? [])
    .slice(0, mostNames)
    .flatMap(({ name }) => (name ? [oneLine(name)] : []))
  return {
    title: oneLine(record.title),
    names: names.length > 0 ? names : record.publisher?.name ? [oneLine(record.publisher.name)] : [],
    date,
    year: date[0] === undefined ? undefined : String(date[0]),
    version: record.version && oneLine(record.version),
    publisher: record.publisher?.name && oneLine(record.publisher.name),
    doi: doi && bareDoi(doi),
    url:
      (doi && identifierUrl({ scheme: 'doi', value: bareDoi(doi) })) ??
      (ark && identifierUrl(ark)) ??
      record.homepage ??
      url,
    uri,
    infoHashes,
  }
}

/**
 * The form of APA 7 §10.9: Author. (Year). Title (Version) [Data set]. Publisher. URL; followed by what identifies the
 * version.
 */
function apa(facts: Facts): string {
  const { title, names, year, version, publisher, url, words } = facts
  const authors = names.length > 20 ? [...names.slice(0, 19), '…', names.at(-1)!] : names
  const joined =
    authors.length > 1 ? `${authors.slice(0, -1).join(', ')}${words.and} ${authors.at(-1)}` : authors[0]
  const head = joined ? `${stop(joined)} (${year ?? words.undated}). ` : ''
  const work = `${title}${version ? ` (${words.version} ${version})` : ''} [${words.dataset}]. ${joined ? '' : `(${year ?? words.undated}). `}`
  const from = publisher && publisher !== joined ? `${stop(publisher)} ` : ''
  return `${head}${work}${from}${url} (${versionOf(facts)})`
}

function bibtex(facts: Facts): string {
  const fields: [string, string | undefined][] = [
    ['title', `{${texEscape(facts.title)}}`],
    [
      'author',
      facts.names.length > 0 ? facts.names.map((name) => `{${texEscape(name)}}`).join(' and ') : undefined,
    ],
    ['year', facts.year],
    ['version', facts.version && texEscape(facts.version)],
    ['publisher', facts.publisher && texEscape(facts.publisher)],
    ['doi', facts.doi?.replace(/[{}\\]/g, '')],
    ['note', texEscape(versionOf(facts))],
    ['url', facts.url.replace(/[{}\\]/g, (sign) => encodeURIComponent(sign))],
  ]
  const lines = fields.flatMap(([name, value]) => (value ? [`  ${name} = {${value}}`] : []))
  return `@misc{${keyOf(facts)},\n${lines.join(',\n')}\n}`
}

/** The RIS format: each line has a tag of two characters, two spaces, a hyphen, a space, and a value. */
function ris(facts: Facts): string {
  const lines: [string, string | undefined][] = [
    ['TY', 'DATA'],
    ['TI', facts.title],
    ...facts.names.map((name): [string, string] => ['AU', name]),
    ['PY', facts.year],
    ['ET', facts.version],
    ['PB', facts.publisher],
    ['DO', facts.doi],
    ['UR', facts.url],
    ['AN', facts.uri],
    ...facts.infoHashes.map((hash): [string, string] => ['N1', `${facts.words.infoHash} ${hash}`]),
  ]
  return `${lines.flatMap(([tag, value]) => (value ? [`${tag}  - ${value}`] : [])).join('\n')}\nER  - `
}

/** The Citation Style Language 1.0.2, which Zotero and pandoc read. */
function csl(facts: Facts): object {
  const { title, names, date, version, publisher, doi, url, uri, infoHashes, words } = facts
  return {
    id: keyOf(facts),
    type: 'dataset',
    title,
    ...(names.length > 0 && { author: names.map((literal) => ({ literal })) }),
    ...(date.length > 0 && { issued: { 'date-parts': [date] } }),
    ...(version && { version }),
    ...(publisher && { publisher }),
    ...(doi && { DOI: doi }),
    URL: url,
    archive: 'AT Protocol',
    archive_location: uri,
    ...(infoHashes.length > 0 && {
      note: infoHashes.map((hash) => `${words.infoHash} ${hash}`).join('; '),
    }),
  }
}

function versionOf({ uri, infoHashes, words }: Facts): string {
  const hashes = infoHashes.length > 0 ? `; ${words.infoHash} ${infoHashes.join(', ')}` : ''
  return `${uri}${hashes}`
}

const texSigns: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
}

function texEscape(text: string): string {
  return text.replace(/[\\{}&%$#_~^]/g, (sign) => texSigns[sign] ?? `\\${sign}`)
}

/** The citation key, made of author and year: `fetterer2017`. If one of them is missing, a word of the title is used. */
function keyOf({ names, year, title }: Facts): string {
  const plain = (text: string) => text.normalize('NFKD').replace(/[^a-zA-Z0-9]/g, '')
  const [family = '', ...given] = (names[0] ?? '').split(',')
  const words = family.trim().split(/\s+/)
  // In `Fetterer, F.` the family name comes first, in `Florence Fetterer` last; longer names are mostly institutions.
  const name = plain(given.length > 0 ? family : words.at(words.length === 2 ? 1 : 0)!).slice(0, 20)
  if (name && year) return `${name}${year}`.toLowerCase()
  const word = plain(title.split(/\s+/).find((part) => plain(part).length > 3) ?? '').slice(0, 20)
  return `${name || 'dataset'}${year ?? ''}${word}`.toLowerCase()
}

/** The parts of a date that are stated. */
function dateOf(edtf: string | undefined): number[] {
  const { earliestMs } = (edtf && edtfBounds(edtf)) || {}
  if (earliestMs === undefined) return []
  const date = new Date(earliestMs)
  const parts = /^-?\d{4}(-\d\d)?(-\d\d)?/.exec(edtf ?? '') ?? []
  const known = 1 + (parts[1] ? 1 : 0) + (parts[2] ? 1 : 0)
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()].slice(0, known)
}

function bareDoi({ value }: defs.Identifier): string {
  return value.trim().replace(/^(?:doi:|https?:\/\/(?:dx\.)?doi\.org\/)/i, '')
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function stop(text: string): string {
  return text.endsWith('.') ? text : `${text}.`
}
