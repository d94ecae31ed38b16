/** The arguments of a request, checked against its verb (OAI-PMH 2.0, section 4). */
import { OaiError } from './oai-error.ts'

const verbs = {
  Identify: {},
  ListSets: { resumptionToken: 'exclusive' },
  ListMetadataFormats: { identifier: 'optional' },
  GetRecord: { identifier: 'required', metadataPrefix: 'required' },
  ListIdentifiers: list(),
  ListRecords: list(),
} as const satisfies Record<string, Readonly<Record<string, 'required' | 'optional' | 'exclusive'>>>

export type Verb = keyof typeof verbs

export interface OaiArguments {
  readonly verb: Verb
  readonly identifier?: string
  readonly metadataPrefix?: string
  readonly from?: string
  readonly until?: string
  readonly set?: string
  readonly resumptionToken?: string
}

/** Reads and checks the arguments of a request. @throws OaiError `badVerb` or `badArgument` */
export function readArguments(query: URLSearchParams): OaiArguments {
  const [verb = '', ...more] = query.getAll('verb')
  if (!Object.hasOwn(verbs, verb) || more.length > 0)
    throw new OaiError('badVerb', `verb must be given once, as one of ${Object.keys(verbs).join(', ')}.`)
  const rules: Readonly<Record<string, string>> = verbs[verb as Verb]
  const given = [...query].filter(([name]) => name !== 'verb')
  for (const [name, value] of given) {
    if (!Object.hasOwn(rules, name)) throw bad(`${verb} takes no argument ${name.slice(0, 100)}.`)
    if (query.getAll(name).length > 1) throw bad(`${name} is given more than once.`)
    if (value === '') throw bad(`${name} is empty.`)
  }
  const exclusive = given.find(([name]) => rules[name] === 'exclusive')
  if (exclusive && given.length > 1) throw bad(`With ${exclusive[0]} no other argument is taken.`)
  const missing = Object.keys(rules).find((name) => rules[name] === 'required' && !query.has(name))
  if (missing && !exclusive) throw bad(`${verb} needs the argument ${missing}.`)
  return { verb: verb as Verb, ...Object.fromEntries(given) }
}

/** A period of time. Its ends must be valid dates in one of two granularities (section 2.7.1). */
export interface Period {
  from?: Date
  /** The end of the period, not included. */
  before?: Date
}

/** The period from `from` to `until`, both included. @throws OaiError `badArgument` */
export function readPeriod({ from, until }: Pick<OaiArguments, 'from' | 'until'>): Period {
  const [first, last] = [from, until].map((text) => (text === undefined ? undefined : readDate(text)))
  if (first && last && first.isDay !== last.isDay) throw bad('from and until are not equally fine.')
  if (first && last && first.at > last.at) throw bad('from is later than until.')
  const lengthMs = last?.isDay ? 86_400_000 : 1_000
  return {
    ...(first && { from: new Date(first.at) }),
    ...(last && { before: new Date(last.at + lengthMs) }),
  }
}

function readDate(text: string): { at: number; isDay: boolean } {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text)
  const at = isDay || /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : Number.NaN
  // JavaScript's Date accepts February 30.
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(text.slice(0, 10)))
    throw bad(`${text.slice(0, 100)} is not a date such as 2026-01-31 or 2026-01-31T12:00:00Z.`)
  return { at, isDay }
}

function list() {
  return {
    metadataPrefix: 'required',
    from: 'optional',
    until: 'optional',
    set: 'optional',
    resumptionToken: 'exclusive',
  } as const
}

function bad(message: string): OaiError {
  return new OaiError('badArgument', message)
}
