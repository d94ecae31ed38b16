import type { CatalogKind } from '../../import/catalog.ts'
import { readNodes } from '../../import/json-ld/graph.ts'
import { present } from '../../import/values/present.ts'
import { childrenOf, descend, textsOf, type XmlElement } from '../../import/xml.ts'

/** The metadata of one record, in a form that `importEntry` reads. */
export interface OaiMetadata {
  readonly kind: CatalogKind
  readonly entry: unknown
  /** What the repository says that the thing is, such as `Dataset` or `info:eu-repo/semantics/article`; often nothing. */
  readonly types: readonly string[]
  /** The page of the dataset, if it has one. */
  readonly page: string | undefined
}

/** The metadata formats that are read, the one that says most first. */
export const readablePrefixes = ['oai_datacite', 'datacite', 'oai_datacite4', 'datacite4', 'oai_dc'] as const

/** Reads the content of a `metadata` element. Throws an Error if it is in none of the known formats. */
export function readMetadata(root: XmlElement | undefined): OaiMetadata {
  const resource = root?.name === 'resource' ? root : descend(root, 'payload', 'resource')
  if (resource) return readDataCiteXml(resource)
  if (root?.name === 'dc') return readDublinCore(root)
  throw new Error(`its metadata (${root?.name ?? 'nothing'}) is neither Dublin Core nor DataCite`)
}

/** Unqualified Dublin Core in the terms of JSON-LD, for which there is a reader. */
function readDublinCore(dc: XmlElement): OaiMetadata {
  const texts = (name: string) => textsOf(dc, name)
  const wordings = (name: string) => {
    const all = childrenOf(dc, name).filter(({ text }) => text !== '')
    // Several descriptions are paragraphs of one text, unless they are in several languages.
    const languages = new Set(all.map(({ attributes }) => attributes.lang))
    if (all.length > 1 && languages.size === all.length)
      return all.map(({ text, attributes }) => ({ '@value': text, '@language': attributes.lang ?? 'und' }))
    return all.map(({ text }) => text).join('\n\n') || undefined
  }
  const [title, ...otherTitles] = texts('title')
  const [publisher, ...otherPublishers] = texts('publisher')
  const [issued, ...laterDates] = texts('date')
  const page = texts('identifier').find((text) => /^https?:\/\/(?!(?:dx\.)?doi\.org\/)/i.test(text))
  const rights = texts('rights')
  const license = rights.find((text) => /^https?:\/\/|^CC[ -]|^CC0|^ODC/i.test(text))
  const [period, ...places] = partition(texts('coverage'))
  const node = {
    '@type': 'Dataset',
    title,
    ...list('alternative', otherTitles),
    description: wordings('description'),
    creator: texts('creator').map((name) => ({ name })),
    contributor: texts('contributor').map((name) => ({ name })),
    ...(publisher !== undefined && { publisher: [publisher, ...otherPublishers].map((name) => ({ name })) }),
    ...list('keyword', texts('subject')),
    ...list(
      'identifier',
      texts('identifier').filter((text) => text !== page),
    ),
    ...(page !== undefined && { landingPage: page }),
    issued,
    ...list('modified', laterDates.slice(-1)),
    ...list('date', laterDates.slice(0, -1)),
    ...list('language', texts('language')),
    ...list('relation', texts('relation').filter(isAddress)),
    ...list('source', texts('source').filter(isAddress)),
    ...list(
      'otherRelation',
      texts('relation').filter((text) => !isAddress(text)),
    ),
    ...list(
      'otherSource',
      texts('source').filter((text) => !isAddress(text)),
    ),
    ...list('format', texts('format')),
    ...(license !== undefined && { license }),
    ...list(
      'rights',
      rights.filter((text) => text !== license),
    ),
    ...(period !== undefined && { temporal: period }),
    ...list('spatial', places),
  }
  const [entry] = readNodes(JSON.parse(JSON.stringify(node)))
  return { kind: 'json-ld', entry, types: texts('type'), page }
}

function list(name: string, texts: readonly string[]): Record<string, unknown> {
  return texts.length === 0 ? {} : { [name]: texts.length === 1 ? texts[0] : texts }
}

function isAddress(text: string): boolean {
  return /^(?:https?:\/\/|doi:|10\.\d{4,9}\/|urn:|hdl:)/i.test(text)
}

/** Coverage is a time or a place: the first that looks like a time, then the others. */
function partition(texts: readonly string[]): [string | undefined, ...string[]] {
  const period = texts.find((text) => /^\d{4}(?:-\d\d){0,2}(?:\/|$)/.test(text))
  return [period, ...texts.filter((text) => text !== period)]
}

/** DataCite's XML (schema 2 to 4) in the names of its JSON, for which there is a reader. */
function readDataCiteXml(resource: XmlElement): OaiMetadata {
  const text = (name: string) => textsOf(resource, name)[0]
  const items = (group: string, name: string) =>
    childrenOf(descend(resource, group), name).filter((item) => item.text !== '')
  const identifier = descend(resource, 'identifier')
  const isDoi = /^doi$/i.test(identifier?.attributes.identifierType ?? '')
  const alternates = [
    ...(identifier && !isDoi ? [identifier] : []),
    ...items('alternateIdentifiers', 'alternateIdentifier'),
  ]
  const isUrl = ({ attributes, text: value }: XmlElement) =>
    /^url$/i.test(attributes.alternateIdentifierType ?? attributes.identifierType ?? '') &&
    /^https?:\/\//i.test(value)
  const page = alternates.find(isUrl)?.text
  const entry = present({
    ...(isDoi && { doi: identifier!.text }),
    ...(page !== undefined && { url: page }),
    titles: items('titles', 'title').map((item) => ({ title: item.text, ...pick(item, 'titleType') })),
    creators: items('creators', 'creator').map((item) => person(item, 'creatorName')),
    contributors: items('contributors', 'contributor').map((item) => ({
      ...person(item, 'contributorName'),
      ...pick(item, 'contributorType'),
    })),
    ...(text('publisher') !== undefined && { publisher: text('publisher') }),
    ...(text('publicationYear') !== undefined && { publicationYear: text('publicationYear') }),
    subjects: items('subjects', 'subject').map((item) => ({
      subject: item.text,
      valueUri: item.attributes.valueURI,
    })),
    dates: items('dates', 'date').map((item) => ({ date: item.text, ...pick(item, 'dateType') })),
    language: text('language'),
    alternateIdentifiers: alternates
      .filter((item) => item.text !== page)
      .map((item) => ({
        alternateIdentifier: item.text,
        alternateIdentifierType: item.attributes.alternateIdentifierType ?? item.attributes.identifierType,
      })),
    relatedIdentifiers: items('relatedIdentifiers', 'relatedIdentifier').map((item) => ({
      relatedIdentifier: item.text,
      ...pick(item, 'relatedIdentifierType', 'relationType'),
    })),
    formats: items('formats', 'format').map((item) => item.text),
    sizes: items('sizes', 'size').map((item) => item.text),
    version: text('version'),
    rightsList: items('rightsList', 'rights').map((item) => ({
      rights: item.text,
      rightsUri: item.attributes.rightsURI,
      ...pick(item, 'rightsIdentifier', 'rightsIdentifierScheme'),
    })),
    descriptions: items('descriptions', 'description').map((item) => ({
      description: item.text,
      ...pick(item, 'descriptionType'),
    })),
    geoLocations: items('geoLocations', 'geoLocation').map(place),
    fundingReferences: items('fundingReferences', 'fundingReference').map((item) => ({
      ...Object.fromEntries(item.children.map((child) => [child.name, child.text])),
      funderIdentifierType: descend(item, 'funderIdentifier')?.attributes.funderIdentifierType,
    })),
  })
  const type = descend(resource, 'resourceType')
  const types = [type?.attributes.resourceTypeGeneral, type?.text].filter(
    (found) => found !== undefined && found !== '',
  )
  return { kind: 'datacite', entry: JSON.parse(JSON.stringify(entry)), types: types as string[], page }
}

function pick({ attributes }: XmlElement, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (attributes[name] === undefined ? [] : [[name, attributes[name]]])),
  )
}

function person(item: XmlElement, nameElement: string): Record<string, unknown> {
  return {
    name: textsOf(item, nameElement)[0],
    givenName: textsOf(item, 'givenName')[0],
    familyName: textsOf(item, 'familyName')[0],
    nameIdentifiers: childrenOf(item, 'nameIdentifier').map((one) => ({
      nameIdentifier: one.text,
      ...pick(one, 'nameIdentifierScheme'),
    })),
  }
}

function place(item: XmlElement): Record<string, unknown> {
  const numbers = (name: string) => {
    const found = descend(item, name)
    return found && Object.fromEntries(found.children.map((child) => [child.name, child.text]))
  }
  return {
    geoLocationPlace: textsOf(item, 'geoLocationPlace')[0],
    geoLocationBox: numbers('geoLocationBox'),
    geoLocationPoint: numbers('geoLocationPoint'),
  }
}
