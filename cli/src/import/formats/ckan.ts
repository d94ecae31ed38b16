import type { dataset, defs } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { Fields } from '../fields.ts'
import { readLicense } from '../license.ts'
import { sourceKind, toChecksum, toUri } from '../values/addresses.ts'
import { toEdtf } from '../values/dates.ts'
import { eachOf } from '../values/each.ts'
import { slugOf, toIdentifier, unique } from '../values/identifiers.ts'
import { toLanguage } from '../values/languages.ts'
import { toSpatial } from '../values/places.ts'
import { present } from '../values/present.ts'
import type { Imported } from './aws-open-data-registry.ts'

/**
 * Makes a dataset record of a CKAN package, in the form that `package_show` returns. Its `extras` are read like fields
 * of the package. Throws an `Error` if it has no `title` or `name`.
 */
export function importCkan(entry: unknown, options: { createdAt: string }): Imported {
  const fields = new Fields(withExtras(entry))
  const name = fields.text('name')
  const title = fields.text('title') ?? name
  if (!title) throw new Error('a CKAN package needs a "title" or a "name"')
  const doi = ['doi', 'DOI'].map((field) => fields.text(field)).find(Boolean)
  const resources = fields.items('resources', readResource)
  const sources = resources.map(({ source }) => source)
  const organization = fields.items('organization', readOrganization)[0]
  const record = present({
    $type: collections.dataset,
    title,
    description: fields.text('notes'),
    creators: readPeople(fields, 'author'),
    publisher: organization ?? readPeople(fields, 'publisher')[0],
    contacts: readPeople(fields, 'maintainer').concat(readPeople(fields, 'contact')),
    homepage: fields.read('url', toUri),
    sources: unique(sources),
    identifiers: readIdentifiers(fields, doi),
    license: readPackageLicense(fields),
    keywords: unique(
      fields.items('tags', (item, value) => (typeof value === 'string' ? value : readTag(item))),
    ).map((keyword) => ({ name: keyword })),
    subjects: unique(fields.items('groups', readGroup)),
    languages: fields.read('language', eachOf(toLanguage)),
    issued: fields.read('issued', toEdtf),
    modified: fields.read('modified', toEdtf),
    spatial: fields.read('spatial', toSpatial) ?? fields.read('spatial-text', toSpatial),
    formats: unique(resources.flatMap(({ formats }) => formats)).map((mediaType) => ({ mediaType })),
    version: fields.text('version'),
    updateFrequency: fields.text('frequency') ?? fields.text('accrual_periodicity'),
    createdAt: options.createdAt as dataset.Main['createdAt'],
  }) satisfies dataset.Main
  return {
    rkey: doi ? slugOf(toIdentifier(doi, 'doi')) : slugOf({ scheme: 'local', value: name ?? title }),
    record,
    leftOver: fields.leftOver(),
  }
}

export function withExtras(entry: unknown): unknown {
  const { result } = (entry ?? {}) as { result?: unknown }
  const source = (result ?? entry ?? {}) as { extras?: unknown }
  const { extras, ...own } = source
  if (!Array.isArray(extras)) return source
  const read = new Map<string, unknown>()
  // Some extras stay in the list: those that the package has a field for, those that occur twice, and items that are
  // not extras.
  const others = extras.filter((extra: unknown) => {
    const { key, value } = (extra ?? {}) as { key?: unknown; value?: unknown }
    if (typeof key !== 'string' || key in own || key === 'extras' || read.has(key)) return true
    read.set(key, value)
    return false
  })
  return { ...Object.fromEntries(read), ...own, ...(others.length > 0 && { extras: others }) }
}

interface Resource {
  readonly source: defs.Source
  readonly formats: string[]
}

function readResource(item: Fields): Resource | undefined {
  const url = item.read('url', toUri)
  if (!url) return undefined
  const [mediaType, format] = [item.text('mimetype'), item.text('format')]
  const hash = item.text('hash')
  const [algorithm = 'md5', digest] = hash?.includes(':') ? hash.split(':', 2) : [guessAlgorithm(hash), hash]
  const checksum = digest ? toChecksum(algorithm, digest) : undefined
  item.text('id')
  const source = {
    url,
    ...present({
      title: item.text('name'),
      description: item.text('description'),
      mediaType: mediaType ?? format,
      sizeBytes: item.count('size'),
      checksums: checksum ? [checksum] : [],
    }),
    kind: sourceKind(url, `${format} ${item.text('resource_type') ?? ''}`),
  }
  return { source, formats: [mediaType, format].filter((name) => name !== undefined) }
}

function guessAlgorithm(hash: string | undefined): string {
  return { 32: 'md5', 40: 'sha-1', 64: 'sha-256', 128: 'sha-512' }[hash?.length ?? 0] ?? ''
}

function readOrganization(item: Fields): defs.Agent | undefined {
  const name = item.text('title') ?? item.text('name')
  const url = item.read('url', toUri)
  return name === undefined ? undefined : present({ name, url })
}

function readPeople(fields: Fields, role: string): defs.Agent[] {
  const [name, plain] = [fields.text(role), fields.text(`${role}_name`)]
  const agent = present({
    name: name ?? plain,
    email: fields.text(`${role}_email`),
    url: fields.read(`${role}_url`, toUri),
  })
  return Object.keys(agent).length > 0 ? [agent] : []
}

function readIdentifiers(fields: Fields, doi: string | undefined): defs.Identifier[] {
  const stated = fields.someTexts('identifier').map((text) => toIdentifier(text))
  const id = fields.text('id')
  return unique([
    ...(doi ? [toIdentifier(doi, 'doi')] : []),
    ...stated,
    ...(id ? [{ scheme: 'ckan', value: id }] : []),
  ])
}

function readPackageLicense(fields: Fields): defs.License | undefined {
  const [id, title, url] = [
    fields.text('license_id'),
    fields.text('license_title'),
    fields.read('license_url', toUri),
  ]
  const known = [url, id, title].filter((text) => text !== undefined).map((text) => readLicense(text))
  const spdx = known.find((license) => license.spdx)?.spdx
  const text = title ?? id
  const license = present({ spdx, url, text: text === spdx ? undefined : text })
  return Object.keys(license).length > 0 ? license : undefined
}

function readTag(item: Fields): string | undefined {
  item.text('id')
  const name = item.text('display_name') ?? item.text('name')
  item.text('name')
  return name
}

function readGroup(item: Fields): defs.Subject | undefined {
  const label = item.text('title') ?? item.text('display_name') ?? item.text('name')
  return label === undefined ? undefined : { label }
}
