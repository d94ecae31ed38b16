import { normalizeIdentifier, recognizeIdentifier } from '@holdfast/lexicons/identifiers'
import { collections } from '@holdfast/lexicons/nsid'
import { toUri } from '../../import/values/addresses.ts'
import { toTemporal } from '../../import/values/dates.ts'
import { toLanguage } from '../../import/values/languages.ts'
import { toBox, toSpatial } from '../../import/values/places.ts'

/** Makes the object that a text stands for where the lexicon has an object; undefined if the text cannot be read as one. */
export type ShortForm = (text: string) => object | undefined

/** The short form of each object of the lexicon, by the object's name. */
export const shortForms: Readonly<Record<string, ShortForm>> = {
  agent: readAgent,
  contributor: (text) => ({ agent: readAgent(text), role: 'other' }),
  keyword: (text) => ({ name: text }),
  subject: (text) => {
    const uri = toUri(text)
    return uri ? { label: text.replace(/^.*[/#](?=[^/#])/, ''), uri } : { label: text }
  },
  language: (text) => toLanguage(text),
  license: (text) => (/^https?:\/\//i.test(text) ? { url: text } : licenseOf(text)),
  identifier: (text) => recognizeIdentifier(text) ?? { scheme: 'local', value: text },
  relatedIdentifier: (text) => ({
    relation: 'References',
    ...(recognizeIdentifier(text) ?? { scheme: 'local', value: text }),
  }),
  source: (text) => ifUri(text, (url) => ({ url })),
  archivedUrl: (text) => ifUri(text, (url) => ({ url })),
  evidence: (text) => ifUri(text, (url) => ({ url })),
  temporal: (text) => toTemporal(text),
  spatial: (text) => toSpatial(text),
  box: (text) => boxOf(text.split(/[\s,]+/)),
  format: (text) => (/^https?:\/\//i.test(text) ? { conformsTo: text } : { mediaType: text }),
  funding: (text) => ({ funder: readAgent(text) }),
  risk: (text) => ({ level: text }),
  sensitivity: (text) => ({ kind: text }),
  recordRef: (text) => (text.startsWith('at://') ? { uri: text } : undefined),
  checksum: (text) => {
    const [, algorithm, value] = /^([a-z0-9-]+):([0-9a-f]{8,})$/i.exec(text) ?? []
    return algorithm ? { algorithm: algorithm.toLowerCase(), value: value!.toLowerCase() } : undefined
  },
}

/** Objects of which several may be written in one text, separated by commas. */
export const commaSeparated: ReadonlySet<string> = new Set(['keyword', 'language', 'format'])

/** The object that a list of several values means, such as the two ends of a period; undefined if it means none. */
export function ofList(name: string, items: readonly string[]): object | undefined {
  if (name === 'temporal' && items.length === 2) return toTemporal(items.join('/'))
  if (name === 'box') return boxOf(items)
  if (name === 'spatial' && items.length === 4) {
    const box = boxOf(items)
    return box && { box }
  }
  return undefined
}

/** The identifier that `{doi: 10.1234/x}` means; undefined unless the key is the name of a scheme. */
export function ofScheme(scheme: string, value: string): object | undefined {
  const known = /^(?:doi|ark|purl|urn|handle|isbn|issn|qid|rrid|orcid|ror|uri|local)$/i.test(scheme)
  return known
    ? (normalizeIdentifier({ scheme, value }) ?? { scheme: scheme.toLowerCase(), value })
    : undefined
}

/** An example of each object and of each plain field, in the form that a metadata file has. */
export const examples: Readonly<Record<string, string>> = {
  agent: '{name: Ana Pérez, email: ana@example.org}',
  contributor: '{agent: {name: Ana Pérez}, role: data-curator}',
  keyword: '{name: rivers}',
  subject: '{label: Hydrology, uri: "https://example.org/vocabulary/hydrology"}',
  language: '{tag: en}',
  license: '{spdx: CC0-1.0}',
  identifier: '{scheme: doi, value: 10.1234/rhine}',
  relatedIdentifier: '{relation: IsCitedBy, scheme: doi, value: 10.1234/paper}',
  source: '{url: "https://example.org/levels.zip", kind: http, mediaType: application/zip}',
  archivedUrl: '{url: "https://web.archive.org/web/2026/https://example.org/"}',
  evidence: '{url: "https://example.org/notice", title: The notice}',
  temporal: '{start: "1820", end: "2020-12"}',
  spatial: '{name: The Rhine, box: {west: "4.1", south: "46.2", east: "10.2", north: "52.1"}}',
  box: '{west: "4.1", south: "46.2", east: "10.2", north: "52.1"}',
  format: '{mediaType: text/csv}',
  funding: '{funder: {name: A Fund}, awardNumber: "42"}',
  risk: '{level: endangered, reason: The office closes in June.}',
  sensitivity: '{kind: none}',
  recordRef: `{uri: "at://did:plc:x234567abcdefghijklmnopq/${collections.dataset}/rhine"}`,
  checksum: '{algorithm: sha-256, value: "9f86d081884c7d65"}',
  date: '2020-06',
  integer: '370001',
  uri: 'https://example.org/rhine',
  datetime: '2026-11-20T12:00:00Z',
  title: 'Water levels of the Rhine',
  description: 'Daily means from 1820 on.',
  accessRights: 'Free to all; the raw readings on request.',
  citation: 'Water Office (2020). Water levels of the Rhine.',
  version: '"1.10"',
  updateFrequency: 'yearly',
  text: 'some text',
}

function readAgent(text: string): object {
  const [, name, email] = /^(.*?)\s*<([^<>\s]+@[^<>\s]+)>$/.exec(text) ?? []
  if (email) return name ? { name, email } : { email }
  if (/^did:[a-z]+:/.test(text)) return { did: text }
  if (/^https?:\/\//i.test(text)) return { url: text }
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? { email: text } : { name: text }
}

/** A single word, or an expression of several words, may be an SPDX identifier; anything else is a license in words. */
function licenseOf(text: string): object {
  return /^[\w.+-]+(?: (?:AND|OR|WITH) [\w.+-]+)*$/.test(text) ? { spdx: text } : { text }
}

function ifUri(text: string, make: (url: string) => object): object | undefined {
  const url = toUri(text)
  return url && make(url)
}

function boxOf(sides: readonly string[]): object | undefined {
  const [west, south, east, north] = sides
  return sides.length === 4 ? toBox({ west, south, east, north }) : undefined
}
