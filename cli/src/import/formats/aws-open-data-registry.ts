import type { dataset, defs } from '@holdfast/lexicons'
import { normalizeIdentifier } from '@holdfast/lexicons/identifiers'
import { collections } from '@holdfast/lexicons/nsid'
import { Fields, type LeftOver } from '../fields.ts'
import { readLicense } from '../license.ts'
import type { ListedTorrent } from '../listed-torrent.ts'
import { openingOf } from '../opening.ts'
import { findAgents, findLinks, soleLink, withoutLinkTargets } from '../prose.ts'
import { readSources } from './aws-open-data-sources.ts'

/** A dataset made from an entry of another catalog. */
export interface Imported {
  /** The record key, which is the entry's slug. */
  readonly rkey: string
  readonly record: dataset.Main
  /** The full description, to be uploaded as `descriptionBlob`, if the record can contain only its first paragraphs. */
  readonly descriptionMarkdown?: string
  /** The torrents that the catalog lists for it; most list none. */
  readonly torrents?: readonly ListedTorrent[]
  /** The values of the entry that no field took over, each with its path. */
  readonly leftOver: readonly LeftOver[]
}

/** The limit of `description`, in bytes of UTF-8. */
const maxDescriptionBytes = 50_000

/**
 * Makes a dataset record of an entry of the Registry of Open Data on AWS (its YAML, with `slug` being the name of the
 * file). Throws an `Error` if the entry has no `Name` or `slug`. Nothing is dropped silently: prose that fits no field
 * becomes a section of the description, and anything else is listed in `leftOver`.
 */
export function importRegistryEntry(entry: unknown, options: { createdAt: string }): Imported {
  const fields = new Fields(entry)
  const slug = fields.text('slug')
  const title = fields.text('Name')
  if (!slug || !title) throw new Error('an entry of the registry needs a "slug" and a "Name"')

  const documentation = readDocumentation(fields.text('Documentation'))
  const contact = readContact(fields.text('Contact'))
  const managers = readManagers(fields.text('ManagedBy'))
  const sources = readSources(fields.list('Resources'))
  const works = readWorks(fields.object('DataAtWork'))
  const description = [fields.text('Description'), documentation.section, contact.section]
    .filter((part) => part !== undefined)
    .join('\n\n')
  const keywords = readKeywords(fields)
  const license = fields.text('License')
  const whole = Buffer.byteLength(description) > maxDescriptionBytes

  const record: dataset.Main = {
    $type: collections.dataset,
    title,
    ...given('description', whole ? openingOf(description) : description),
    ...managers,
    ...given('contacts', contact.agents),
    homepage: `https://registry.opendata.aws/${slug}/`,
    ...given('sources', sources.sources),
    ...given('relatedIdentifiers', [...documentation.related, ...works.related]),
    ...(license === undefined ? {} : { license: readLicense(license) }),
    ...given('citation', fields.text('Citation')),
    ...given('keywords', keywords.keywords),
    ...given('subjects', keywords.subjects),
    ...given('updateFrequency', fields.text('UpdateFrequency')),
    ...readRisk(fields),
    createdAt: options.createdAt as dataset.Main['createdAt'],
  }
  const leftOver = [...fields.leftOver(), ...sources.leftOver, ...works.leftOver, ...keywords.leftOver]
  return { rkey: slug, record, leftOver, ...(whole ? { descriptionMarkdown: description } : {}) }
}

/** The property as an object, or an empty object if there is no value. */
function given<K extends string, V extends string | readonly unknown[]>(
  key: K,
  value: V | undefined,
): { [key in K]?: V } {
  return value === undefined || value.length === 0 ? {} : ({ [key]: value } as { [key in K]: V })
}

interface Documentation {
  readonly related: defs.RelatedIdentifier[]
  readonly section?: string
}

function readDocumentation(text: string | undefined): Documentation {
  if (text === undefined) return { related: [] }
  const related = findLinks(text).map(({ url, title }) => relatedTo('IsDocumentedBy', url, title))
  return soleLink(text) ? { related } : { related, section: `## Documentation\n\n${text}` }
}

function relatedTo(relation: string, url: string, title: string | undefined): defs.RelatedIdentifier {
  const doi = /^https?:\/\/(?:dx\.)?doi\.org\//i.test(url)
    ? normalizeIdentifier({ scheme: 'doi', value: url })
    : undefined
  return { relation, ...(doi ?? { scheme: 'uri', value: url }), ...given('title', title) }
}

function readContact(text: string | undefined): { agents: defs.Agent[]; section?: string } {
  if (text === undefined) return { agents: [] }
  const { agents, complete } = findAgents(text)
  return complete ? { agents } : { agents, section: `## Contact\n\n${text}` }
}

type Managers = Pick<dataset.Main, 'publisher' | 'contributors'>

/** A single manager becomes the publisher. If there are several with a page each, all of them are also listed separately. */
function readManagers(text: string | undefined): Managers {
  if (text === undefined) return {}
  const links = findLinks(text)
  const name = withoutLinkTargets(text)
  const [first] = links
  const publisher = { name, ...(first && { url: first.url as defs.Agent['url'] & string }) }
  if (links.length < 2) return { publisher }
  const contributors = links.map(({ url, title }) => ({
    agent: { ...given('name', title), url: url as defs.Agent['url'] & string },
    role: 'publisher',
  }))
  return { publisher, contributors }
}

interface Keywords {
  readonly keywords: defs.Keyword[]
  readonly subjects: defs.Subject[]
  readonly leftOver: readonly LeftOver[]
}

/**
 * Reads keywords: tags are free keywords; the categories of the marketplace and the tags of a collaboration are
 * vocabularies.
 */
function readKeywords(fields: Fields): Keywords {
  const collabs = new Fields(fields.object('Collabs'), 'Collabs')
  const members = collabs.names().map((name) => {
    const collab = new Fields(collabs.object(name), `Collabs/${name}`)
    return { name, tags: collab.texts('Tags'), leftOver: collab.leftOver() }
  })
  const keywords = [...fields.texts('Tags'), ...members.map(({ name }) => name)]
  const subjects = [...fields.texts('ADXCategories'), ...members.flatMap(({ tags }) => tags)]
  return {
    keywords: [...new Set(keywords)].map((name) => ({ name })),
    subjects: [...new Set(subjects)].map((label) => ({ label })),
    leftOver: [...collabs.leftOver(), ...members.flatMap(({ leftOver }) => leftOver)],
  }
}

/** Reads the risk: "Deprecated" means that the host will stop keeping the data, so it needs attention. */
function readRisk(fields: Fields): Pick<dataset.Main, 'risk'> {
  const deprecated = fields.flag('Deprecated') === true
  const notice = fields.text('DeprecatedNotice')
  if (!deprecated && notice === undefined) return {}
  const reason = notice ?? 'Marked as deprecated in the Registry of Open Data on AWS.'
  return { risk: { level: deprecated ? 'endangered' : 'watchlist', reason } }
}

const workRelations: Readonly<Record<string, string>> = {
  Publications: 'IsCitedBy',
  Tutorials: 'IsDocumentedBy',
  'Tools & Applications': 'IsRequiredBy',
}

/** Reads works that used the data; their authors and the services they used have no field. */
function readWorks(value: unknown): { related: defs.RelatedIdentifier[]; leftOver: LeftOver[] } {
  const works = new Fields(value, 'DataAtWork')
  const related: defs.RelatedIdentifier[] = []
  const leftOver: LeftOver[] = []
  for (const [kind, relation] of Object.entries(workRelations)) {
    for (const [index, item] of works.list(kind).entries()) {
      const work = new Fields(item, `DataAtWork/${kind}/${index}`)
      const url = work.webAddress('URL')
      if (url !== undefined) related.push(relatedTo(relation, url, work.text('Title')))
      leftOver.push(...work.leftOver())
    }
  }
  return { related, leftOver: [...leftOver, ...works.leftOver()] }
}
