import type { defs } from '@holdfast/lexicons'
import { identifierText } from '@holdfast/lexicons/vocabularies/identifiers'
import type { Described } from '../described.ts'
import { type Element, element, text } from '../xml.ts'

/** Writes a dataset in unqualified Dublin Core, the format that every repository must offer (OAI-PMH 2.0, section 2.5). */
export function writeOaiDc({ record, uri, page, torrents }: Described): Element {
  const { spatial, temporal, license } = record
  const box = spatial?.box
  const say = (name: string, values: readonly (string | undefined)[]) =>
    values.map((value) => (value ? text(`dc:${name}`, value) : undefined))
  return element(
    'oai_dc:dc',
    {
      'xmlns:oai_dc': 'http://www.openarchives.org/OAI/2.0/oai_dc/',
      'xmlns:dc': 'http://purl.org/dc/elements/1.1/',
      'xsi:schemaLocation':
        'http://www.openarchives.org/OAI/2.0/oai_dc/ http://www.openarchives.org/OAI/2.0/oai_dc.xsd',
    },
    ...say('title', [record.title]),
    ...say('creator', (record.creators ?? []).map(nameOf)),
    ...say('subject', [
      ...(record.keywords ?? []).map(({ name }) => name),
      ...(record.subjects ?? []).map(({ label }) => label),
    ]),
    ...say('description', [record.description]),
    ...say('publisher', [record.publisher && nameOf(record.publisher)]),
    ...say(
      'contributor',
      (record.contributors ?? []).map(({ agent }) => nameOf(agent)),
    ),
    ...say('date', [record.issued, record.modified]),
    ...say('type', ['Dataset']),
    ...say(
      'format',
      (record.formats ?? []).map(({ mediaType }) => mediaType),
    ),
    ...say('identifier', [
      page,
      uri,
      ...(record.identifiers ?? []).map(({ scheme, value }) => identifierText(scheme, value)),
      ...torrents.map(({ magnet }) => magnet),
    ]),
    ...say('source', [record.homepage, ...(record.sources ?? []).map(({ url }) => url)]),
    ...say(
      'language',
      (record.languages ?? []).map(({ tag }) => tag),
    ),
    ...say(
      'relation',
      (record.relatedIdentifiers ?? []).map(({ scheme, value }) => identifierText(scheme, value)),
    ),
    ...say('coverage', [
      spatial?.name,
      // A box is written in the DCMI Box Encoding Scheme.
      box &&
        `northlimit=${box.north}; southlimit=${box.south}; westlimit=${box.west}; eastlimit=${box.east}; units=degrees`,
      temporal && periodOf(temporal),
    ]),
    ...say('rights', [license?.url, license?.spdx, license?.text, record.accessRights]),
  )
}

/** Writes an interval of EDTF (ISO 8601-2), in which two dots mark an open end. */
function periodOf({ start, end }: defs.Temporal): string | undefined {
  if (start === undefined && end === undefined) return undefined
  if (start?.includes('/') || start === end) return start
  return `${start ?? '..'}/${end ?? '..'}`
}

function nameOf(agent: defs.Agent): string | undefined {
  return agent.name ?? agent.url ?? agent.email ?? agent.did
}
