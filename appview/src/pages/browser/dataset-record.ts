/** Converts between the fields of the form and a dataset record. Fields of the record that the form does not show are kept. */
import type { defs } from '@holdfast/lexicons'
import { filled, lines } from './fields.ts'

/** The names of the form's fields. */
export interface DatasetFields {
  title: string
  description: string
  publisher: string
  creators: string
  homepage: string
  doi: string
  sources: string
  license: string
  keywords: string
  issued: string
  version: string
  riskLevel: string
  riskReason: string
  expectedGone: string
}

interface DatasetRecord {
  title?: string
  description?: string
  publisher?: defs.Agent
  creators?: defs.Agent[]
  homepage?: string
  identifiers?: defs.Identifier[]
  sources?: { url: string }[]
  license?: defs.License
  keywords?: { name: string }[]
  issued?: string
  version?: string
  risk?: { level: string; reason?: string; expectedGone?: string }
}

/** Makes the record from the fields, and from the record that is being changed. */
export function toRecord(
  fields: DatasetFields,
  before: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const old = before as DatasetRecord
  const doi = fields.doi.trim().replace(/^(?:doi:|https?:\/\/(?:dx\.)?doi\.org\/)/i, '')
  const others = (old.identifiers ?? []).filter(({ scheme }) => scheme !== 'doi')
  const spdxOrUrl = fields.license.trim()
  const same = <T>(list: readonly T[] | undefined, find: (item: T) => boolean, made: T) =>
    list?.find(find) ?? made
  const changed = {
    title: fields.title.trim(),
    description: fields.description.trim(),
    publisher: fields.publisher.trim() && { ...(old.publisher ?? {}), name: fields.publisher.trim() },
    creators: lines(fields.creators).map((name) =>
      same(old.creators, (agent) => agent.name === name, { name } as defs.Agent),
    ),
    homepage: fields.homepage.trim(),
    identifiers: [...(doi ? [{ scheme: 'doi', value: doi }] : []), ...others],
    sources: lines(fields.sources).map((url) => same(old.sources, (source) => source.url === url, { url })),
    license:
      spdxOrUrl &&
      (/^https?:/.test(spdxOrUrl) ? { ...old.license, url: spdxOrUrl } : { ...old.license, spdx: spdxOrUrl }),
    keywords: lines(fields.keywords).map((name) =>
      same(old.keywords, (keyword) => keyword.name === name, { name }),
    ),
    issued: fields.issued.trim(),
    version: fields.version.trim(),
    risk: fields.riskLevel && {
      ...old.risk,
      ...filled(
        {
          level: fields.riskLevel,
          reason: fields.riskReason.trim(),
          expectedGone: fields.expectedGone.trim(),
        },
        old.risk,
      ),
    },
  }
  return filled(changed, before)
}

/** The texts with which the form shows a record. */
export function toFields(value: Readonly<Record<string, unknown>>): DatasetFields {
  const record = value as DatasetRecord
  return {
    title: record.title ?? '',
    description: record.description ?? '',
    publisher: record.publisher?.name ?? '',
    creators: (record.creators ?? []).flatMap(({ name }) => (name ? [name] : [])).join('\n'),
    homepage: record.homepage ?? '',
    doi: record.identifiers?.find(({ scheme }) => scheme === 'doi')?.value ?? '',
    sources: (record.sources ?? []).map(({ url }) => url).join('\n'),
    license: record.license?.spdx ?? record.license?.url ?? '',
    keywords: (record.keywords ?? []).map(({ name }) => name).join('\n'),
    issued: record.issued ?? '',
    version: record.version ?? '',
    riskLevel: record.risk?.level ?? '',
    riskReason: record.risk?.reason ?? '',
    expectedGone: record.risk?.expectedGone ?? '',
  }
}

/** The field of the form that shows a path of the record, such as `sources` for `sources/0/url`. */
export function fieldOf(path: string): keyof DatasetFields | undefined {
  const [first = '', second = ''] = path.split('/')
  if (first === 'risk')
    return second === 'reason' ? 'riskReason' : second === 'expectedGone' ? 'expectedGone' : 'riskLevel'
  if (first === 'identifiers') return 'doi'
  const names = [
    'title',
    'description',
    'publisher',
    'creators',
    'homepage',
    'sources',
    'license',
    'keywords',
    'issued',
    'version',
  ] as const
  return names.find((name) => name === first)
}

/** Makes a record key from the DOI or else the title, with a few digits that distinguish datasets of the same title. */
export async function slugOf(fields: DatasetFields, did: string): Promise<string> {
  const plain = (text: string) =>
    text
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
  const doi = plain(fields.doi)
  if (doi) return doi.slice(0, 120)
  const digest = await crypto.subtle.digest(
    'SHA-256',
    new TextEncoder().encode(`${did}\n${fields.title.trim()}`),
  )
  const hash = [...new Uint8Array(digest).subarray(0, 4)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
  return `${plain(fields.title).slice(0, 60).replace(/-+$/, '') || 'dataset'}-${hash}`
}
