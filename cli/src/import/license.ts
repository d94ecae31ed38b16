import type { defs } from '@holdfast/lexicons'
import { ownValue } from '@holdfast/lexicons/own-value'
import { findLinks, soleLink } from './prose.ts'

/**
 * Reads a license from a statement in words. The words are kept unless they are only an address or an SPDX identifier.
 * An SPDX identifier is given only if the statement consists of nothing but the license's name or address: what follows
 * an "except" must not be lost.
 */
export function readLicense(statement: string): defs.License {
  const text = statement.trim()
  const url = findLinks(text)[0]?.url
  const spdx = spdxOf(text)
  const saidAlready = text === spdx || soleLink(text)?.url === text
  return {
    ...(spdx === undefined ? {} : { spdx }),
    ...(url === undefined ? {} : { url: url as `${string}:${string}` }),
    ...(saidAlready ? {} : { text }),
  }
}

function spdxOf(text: string): string | undefined {
  const link = soleLink(text)
  const name = (link?.title ?? (link ? '' : text)).replace(/\(?https?:\/\/\S+\)?/g, '')
  const candidates = [...findLinks(text).map(({ url }) => spdxOfUrl(url)), spdxOfName(name)]
  const isName = link !== undefined || spdxOfName(name) !== undefined
  const found = new Set(candidates.filter((spdx) => spdx !== undefined))
  return isName && found.size === 1 ? [...found][0] : undefined
}

function spdxOfUrl(url: string): string | undefined {
  const named = /^https?:\/\/spdx\.org\/licenses\/([\w.+-]+?)(?:\.html)?$/i.exec(url)?.[1]
  if (named !== undefined) return named
  const address = url.replace(/^https?:\/\/(www\.)?/i, '').toLowerCase()
  // A third path segment is a country, whose ported license is a different one.
  const commons =
    /^creativecommons\.org\/licenses\/(by(?:-nc)?(?:-nd|-sa)?)\/(\d\.\d)(?:\/(?:legalcode|deed)?(?:\.\w+)?)?$/
  const match = commons.exec(address)
  if (match) return `CC-${match[1]?.toUpperCase()}-${match[2]}`
  return urls.find(([pattern]) => pattern.test(address))?.[1]
}

const urls: readonly [RegExp, string][] = [
  [/^creativecommons\.org\/publicdomain\/zero\/1\.0/, 'CC0-1.0'],
  [/^opendatacommons\.org\/licenses\/by\/1[.-]0/, 'ODC-By-1.0'],
  [/^opendatacommons\.org\/licenses\/odbl\/1[.-]0/, 'ODbL-1.0'],
  [/^cdla\.(?:dev|io)\/permissive-1-0/, 'CDLA-Permissive-1.0'],
  [/^cdla\.(?:dev|io)\/permissive-2-0/, 'CDLA-Permissive-2.0'],
  [/^cdla\.(?:dev|io)\/sharing-1-0/, 'CDLA-Sharing-1.0'],
  [/^opensource\.org\/licenses?\/mit/, 'MIT'],
  [/^apache\.org\/licenses\/license-2\.0/, 'Apache-2.0'],
]

/** The identifier of a license that the whole text names; a Creative Commons license needs its version. */
function spdxOfName(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/["“”.]+$|^["“”]+/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  const plain = ownValue(names, name.replace(/ licen[sc]e$/, ''))
  if (plain !== undefined) return plain
  const commons =
    /^(?:creative commons )?cc[ -](by(?:[ -](?:nc|nd|sa))*)[ -](\d\.\d)(?: international)?(?: licen[sc]e)?$/.exec(
      name,
    )
  return commons ? commonsId(commons[1] ?? '', commons[2] ?? '') : undefined
}

function commonsId(terms: string, version: string): string | undefined {
  const parts = terms.split(/[ -]/)
  const has = (part: string) => parts.includes(part)
  const id = ['by', has('nc') && 'nc', has('nd') && 'nd', has('sa') && 'sa'].filter(Boolean)
  return has('nd') && has('sa') ? undefined : `CC-${id.join('-').toUpperCase()}-${version}`
}

const names: Readonly<Record<string, string>> = {
  cc0: 'CC0-1.0',
  'cc0 1.0': 'CC0-1.0',
  'cc0-1.0': 'CC0-1.0',
  'cc0 1.0 universal': 'CC0-1.0',
  'creative commons cc0 1.0 universal': 'CC0-1.0',
  'cc0 1.0 universal (cc0 1.0) public domain dedication': 'CC0-1.0',
  'creative commons attribution 4.0 international': 'CC-BY-4.0',
  'creative commons attribution 4.0 international (cc by 4.0)': 'CC-BY-4.0',
  'creative commons attribution 4.0 international (cc-by 4.0)': 'CC-BY-4.0',
  'attribution-sharealike 4.0 international (cc by-sa 4.0)': 'CC-BY-SA-4.0',
  'open data commons open database license v1.0': 'ODbL-1.0',
  mit: 'MIT',
  'mit-0': 'MIT-0',
  'apache-2.0': 'Apache-2.0',
  'bsd 2-clause': 'BSD-2-Clause',
}
