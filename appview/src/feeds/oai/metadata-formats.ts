import type { Described } from '../described.ts'
import { type Element, element, text } from '../xml.ts'
import { writeOaiDataCite } from './oai-datacite.ts'
import { writeOaiDc } from './oai-dc.ts'
import { OaiError } from './oai-error.ts'

export interface MetadataFormat {
  readonly prefix: string
  readonly schema: string
  readonly namespace: string
  write(dataset: Described, archive: string): Element
}

/** The metadata formats in which every record is available. */
export const metadataFormats: readonly MetadataFormat[] = [
  {
    prefix: 'oai_dc',
    schema: 'http://www.openarchives.org/OAI/2.0/oai_dc.xsd',
    namespace: 'http://www.openarchives.org/OAI/2.0/oai_dc/',
    write: writeOaiDc,
  },
  {
    prefix: 'oai_datacite',
    schema: 'http://schema.datacite.org/oai/oai-1.1/oai.xsd',
    namespace: 'http://schema.datacite.org/oai/oai-1.1/',
    write: writeOaiDataCite,
  },
]

/** The format with a `metadataPrefix`. @throws OaiError `cannotDisseminateFormat` */
export function formatOf(prefix: string | undefined): MetadataFormat {
  const found = metadataFormats.find((format) => format.prefix === prefix)
  if (!found) {
    const known = metadataFormats.map((format) => format.prefix).join(', ')
    throw new OaiError('cannotDisseminateFormat', `metadataPrefix must be one of ${known}.`)
  }
  return found
}

export function formatElement({ prefix, schema, namespace }: MetadataFormat): Element {
  return element(
    'metadataFormat',
    {},
    text('metadataPrefix', prefix),
    text('schema', schema),
    text('metadataNamespace', namespace),
  )
}
