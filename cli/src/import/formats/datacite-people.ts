import type { defs } from '@holdfast/lexicons'
import type { Fields } from '../fields.ts'
import { toUri } from '../values/addresses.ts'
import { toIdentifier } from '../values/identifiers.ts'
import { present } from '../values/present.ts'

/** Reads a creator or contributor of DataCite: the name to display, and identifiers such as ORCID and ROR. */
export function readPerson(fields: Fields): { agent: defs.Agent; role: string } | undefined {
  const [name, given, family] = [fields.text('name'), fields.text('givenName'), fields.text('familyName')]
  const shown = given && family ? `${given} ${family}` : name
  if (!shown) return undefined
  const identifiers = fields.items('nameIdentifiers', (item) => {
    const [text, scheme] = [item.text('nameIdentifier'), item.text('nameIdentifierScheme')]
    return text === undefined ? undefined : toIdentifier(text, scheme)
  })
  return {
    agent: present({ name: shown, identifiers }),
    role: roleOf(fields.text('contributorType')),
  }
}

/** Converts DataCite's contributor types to the lexicon's spelling: `HostingInstitution` becomes `hosting-institution`. */
function roleOf(type: string | undefined): string {
  return type ? type.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase() : 'other'
}

/** Reads the publisher, which is a name or, since schema 4.5, an object with an identifier. */
export function readPublisher(fields: Fields, value: unknown): defs.Agent | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : { name: value.trim() }
  const name = fields.text('name')
  const [id, scheme] = [fields.text('publisherIdentifier'), fields.text('publisherIdentifierScheme')]
  return name === undefined
    ? undefined
    : present({ name, identifiers: id === undefined ? [] : [toIdentifier(id, scheme)] })
}

/** Reads a funding reference. */
export function readFunding(fields: Fields): defs.Funding | undefined {
  const name = fields.text('funderName')
  const [id, scheme] = [fields.text('funderIdentifier'), fields.text('funderIdentifierType')]
  const identifiers =
    id === undefined ? [] : [toIdentifier(id, scheme?.replace(/^Crossref Funder ID$/i, 'doi'))]
  const funding = present({
    funder: name === undefined ? undefined : present({ name, identifiers }),
    awardNumber: fields.text('awardNumber'),
    awardTitle: fields.text('awardTitle'),
    url: fields.read('awardUri', toUri),
  })
  return Object.keys(funding).length > 0 ? funding : undefined
}
