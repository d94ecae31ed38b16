/** Citations made from a record, for those it does not give itself: BibTeX, RIS and APA 7. */
import type { defs } from '@holdfast/lexicons'
import { edtfBounds } from '@holdfast/lexicons/edtf'
import { identifierUrl } from '@holdfast/lexicons/vocabularies/web-addresses'
import type { DatasetRecord } from '../record.ts'

export interface Citation {
  format: 'APA' | 'BibTeX' | 'RIS'
  text: string
}

/** `url` is where the dataset is when it has no identifier of its own. */
export function citations(record: DatasetRecord, url: string): Citation[] {
  const facts = factsOf(record, url)
  return [
    { format: 'APA', text: apa(facts) },
    { format: 'BibTeX', text: bibtex(facts) },
    { format: 'RIS', text: ris(facts) },
  ]
}

interface Facts {
  title: string
  names: string[]
  year: string | undefined
  version: string | undefined
  publisher: string | undefined
  doi: string | undefined
  url: string
}

const mostNames = 50

function factsOf(record: DatasetRecord, url: string): Facts {
  const doi = record.identifiers?.find(({ scheme }) => scheme.toLowerCase() === 'doi')
  const [ark] =
    record.identifiers?.filter(({ scheme }) => ['ark', 'handle', 'purl'].includes(scheme.toLowerCase())) ?? []
  const names = (record.creators ?? [])
    .slice(0, mostNames)
    .flatMap(({ name }) => (name ? [oneLine(name)] : []))
  return {
    title: oneLine(record.title),
    names: names.length > 0 ? names : record.publisher?.name ? [oneLine(record.publisher.name)] : [],
    year: yearOf(record.issued ?? record.modified),
    version: record.version && oneLine(record.version),
    publisher: record.publisher?.name && oneLine(record.publisher.name),
    doi: doi && bareDoi(doi),
    url:
      (doi && identifierUrl({ scheme: 'doi', value: bareDoi(doi) })) ??
      (ark && identifierUrl(ark)) ??
      record.homepage ??
      url,
  }
}

/** APA 7 §10.9: Author. (Year). Title (Version) [Data set]. Publisher. URL */
function apa({ title, names, year, version, publisher, url }: Facts): string {
  const authors = names.length > 20 ? [...names.slice(0, 19), '…', names.at(-1)!] : names
  const joined = authors.length > 1 ? `${authors.slice(0, -1).join(', ')}, & ${authors.at(-1)}` : authors[0]
  const head = joined ? `${stop(joined)} (${year ?? 'n.d.'}). ` : ''
  const work = `${title}${version ? ` (Version ${version})` : ''} [Data set]. ${joined ? '' : `(${year ?? 'n.d.'}). `}`
  const from = publisher && publisher !== joined ? `${stop(publisher)} ` : ''
  return `${head}${work}${from}${url}`
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
    ['url', facts.url.replace(/[{}\\]/g, (sign) => encodeURIComponent(sign))],
  ]
  const lines = fields.flatMap(([name, value]) => (value ? [`  ${name} = {${value}}`] : []))
  return `@misc{${keyOf(facts)},\n${lines.join(',\n')}\n}`
}

/** RIS: a tag of two characters, two spaces, a hyphen, a space, a value of one line. */
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
  ]
  return `${lines.flatMap(([tag, value]) => (value ? [`${tag}  - ${value}`] : [])).join('\n')}\nER  - `
}

const texSigns: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
}

function texEscape(text: string): string {
  return text.replace(/[\\{}&%$#_~^]/g, (sign) => texSigns[sign] ?? `\\${sign}`)
}

function keyOf({ names, year, title }: Facts): string {
  const plain = (text: string) => text.normalize('NFKD').replace(/[^a-zA-Z0-9]/g, '')
  const name = plain(names[0]?.split(/[\s,]+/)[0] ?? '').slice(0, 20)
  const word = plain(title.split(/\s+/).find((part) => plain(part).length > 3) ?? '').slice(0, 20)
  return `${name || 'dataset'}${year ?? ''}${word}`.toLowerCase()
}

function yearOf(edtf: string | undefined): string | undefined {
  const { earliestMs } = (edtf && edtfBounds(edtf)) || {}
  return earliestMs === undefined ? undefined : String(new Date(earliestMs).getUTCFullYear())
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
