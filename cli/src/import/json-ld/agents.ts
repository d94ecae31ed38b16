import type { defs } from '@holdfast/lexicons'
import type { Fields } from '../fields.ts'
import { toUri } from '../values/addresses.ts'
import { toIdentifier } from '../values/identifiers.ts'
import { present } from '../values/present.ts'

/** Schemes that identify people and organizations. */
const agentSchemes = ['orcid', 'ror', 'isni']

/** Reads a person or organization: a name, an address, or an object in the terms of schema.org, FOAF or vCard. */
export function readAgent(fields: Fields, value: unknown): defs.Agent | undefined {
  if (typeof value === 'string') return agentOfText(value.trim())
  fields.read('type', (type) => type)
  const id = fields.read('id', toUri)
  const identifiers = ['identifier', 'sameAs'].flatMap((name) => fields.read(name, toAgentIdentifiers) ?? [])
  const person = [fields.text('givenName'), fields.text('familyName')].filter(Boolean).join(' ')
  const own = id === undefined ? undefined : toAgentIdentifiers(id)?.[0]
  const agent = present({
    name:
      fields.wording('name') ?? fields.wording('fn') ?? fields.wording('prefLabel') ?? (person || undefined),
    url:
      ['url', 'homepage', 'hasURL'].map((name) => fields.read(name, toUri)).find(Boolean) ??
      (own ? undefined : id),
    email: ['email', 'hasEmail', 'mbox']
      .map((name) => fields.text(name))
      .find(Boolean)
      ?.replace(/^mailto:/i, ''),
    identifiers: own ? [...identifiers, own] : identifiers,
  })
  return agent.name || agent.url || agent.email ? agent : undefined
}

function agentOfText(text: string): defs.Agent | undefined {
  if (text === '') return undefined
  const url = toUri(text)
  if (!url) return { name: text }
  return url.startsWith('mailto:') ? { email: url.slice('mailto:'.length) } : { url }
}

function toAgentIdentifiers(value: unknown): defs.Identifier[] | undefined {
  const texts = (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string')
  const known = texts.map((text) =>
    agentSchemes.map((scheme) => toIdentifier(text, scheme)).find(isAgentIdentifier),
  )
  return known.length > 0 && known.every((identifier) => identifier !== undefined) ? known : undefined
}

function isAgentIdentifier({ scheme, value }: defs.Identifier): boolean {
  return agentSchemes.includes(scheme) && !value.includes(':')
}
