/**
 * Identifiers of records in this repository, by the OAI's guidelines (oai-identifier, version 2.0). An AT-URI is not a
 * valid URI by RFC 3986, since the colons of its DID are where a port would be.
 */
import { collections } from '@holdfast/lexicons/nsid'
import { storable } from '../../store/sql.ts'
import type { DescribedParts } from '../describe-datasets.ts'
import { type Element, element, text } from '../xml.ts'

/** The identifier of a dataset: `oai:index.example.org:did:plc:…/COLLECTION/rkey`. */
export function oaiIdentifier(parts: Pick<DescribedParts, 'publicUrl'>, uri: string): string {
  return `oai:${hostOf(parts)}:${uri.replace(/^at:\/\//, '')}`
}

/** The AT-URI in an identifier of this repository. An AT-URI is accepted too; anything else gives a URI of no record. */
export function uriOf(parts: Pick<DescribedParts, 'publicUrl'>, identifier: string): string {
  const prefix = `oai:${hostOf(parts)}:`
  return storable(identifier.startsWith(prefix) ? `at://${identifier.slice(prefix.length)}` : identifier)
}

/** Describes the identifiers, for `Identify`. Empty for `localhost`, since the guidelines require a domain name. */
export function identifierScheme(parts: Pick<DescribedParts, 'publicUrl'>): Element[] {
  const host = hostOf(parts)
  if (!/^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$/i.test(host)) return []
  const namespace = 'http://www.openarchives.org/OAI/2.0/oai-identifier'
  const scheme = element(
    'oai-identifier',
    {
      xmlns: namespace,
      'xsi:schemaLocation': `${namespace} http://www.openarchives.org/OAI/2.0/oai-identifier.xsd`,
    },
    text('scheme', 'oai'),
    text('repositoryIdentifier', host),
    text('delimiter', ':'),
    text(
      'sampleIdentifier',
      oaiIdentifier(parts, `at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/${collections.dataset}/ice`),
    ),
  )
  return [element('description', {}, scheme)]
}

function hostOf({ publicUrl }: Pick<DescribedParts, 'publicUrl'>): string {
  return new URL(publicUrl()).hostname
}
