import { edtfBounds } from './edtf.ts'
import { normalizeIdentifier } from './identifiers.ts'
import type * as schemas from './index.ts'
import { type Collection, collections } from './nsid.ts'

/** A fault of a record, and the field that has it. */
export interface Refusal {
  readonly field: string
  readonly message: string
}

/** A fault of a part of a record: the part is ignored, and the record is accepted. */
export interface Warning extends Refusal {
  readonly code: 'invalid-date' | 'invalid-identifier' | 'invalid-box'
}

/** The first rule that a record breaks, of those that its lexicon can only state in words; undefined if it breaks none. */
export function ruleBroken(collection: Collection, record: object): Refusal | undefined {
  for (const refusal of rules[collection](record as never)) return refusal
  return undefined
}

/** Warnings about dates, identifiers and boxes that cannot be read; an index ignores them. */
export function recordWarnings(collection: Collection, record: object): Warning[] {
  if (collection === collections.dataset) return [...datasetWarnings(record as schemas.dataset.Main)]
  if (collection === collections.torrent) {
    return [...dateWarnings([['captured', (record as schemas.torrent.Main).captured]])]
  }
  if (collection === collections.part) {
    return [...dateWarnings([['deadline', (record as schemas.part.Main).deadline]])]
  }
  if (collection === collections.assessment) {
    const { subject, risk } = record as schemas.assessment.Main
    return [
      ...identifierWarnings('subject/identifiers', subject.identifiers),
      ...dateWarnings([['risk/expectedGone', risk?.expectedGone]]),
    ]
  }
  return []
}

const rules = {
  [collections.dataset]: datasetRules,
  [collections.torrent]: torrentRules,
  [collections.webseed]: webseedRules,
  [collections.assessment]: assessmentRules,
  [collections.profile]: () => [],
  [collections.part]: ({ dataset }: schemas.part.Main) => refRules('dataset', dataset),
  [collections.claim]: claimRules,
} satisfies Record<Collection, (record: never) => Iterable<Refusal>>

function* datasetRules(record: schemas.dataset.Main): Generator<Refusal> {
  for (const [field, agent] of agents(record)) {
    if (agent && !agent.name && !agent.did && !agent.url && !agent.email) {
      yield refuse(field, 'names nobody; give a name, did, url or email')
    }
  }
  yield* refRules('versionOf', record.versionOf)
  yield* refRules('supersedes', record.supersedes)
  yield* refRules('derivedFrom', record.derivedFrom)
  yield* refRules('adoptedFrom', record.adoptedFrom)
}

function* torrentRules(record: schemas.torrent.Main): Generator<Refusal> {
  yield* hashRules('', record)
  yield* refRules('datasets', record.datasets)
  yield* refRules('parts', record.parts)
  yield* refRules('supersedes', record.supersedes)
  yield* refRules('adoptedFrom', record.adoptedFrom)
}

function* webseedRules(record: schemas.webseed.Main): Generator<Refusal> {
  yield* hashRules('subject/', record.subject)
  if (!/^https?:\/\//i.test(record.url)) yield refuse('url', 'is not an HTTP(S) address')
}

function* assessmentRules({ subject }: schemas.assessment.Main): Generator<Refusal> {
  if (subject.uri) yield* refRules('subject', { uri: subject.uri })
  else if (!subject.identifiers?.length) {
    yield refuse('subject', 'is empty; give the uri of a record or identifiers')
  }
}

function* claimRules(record: schemas.claim.Main): Generator<Refusal> {
  yield* refRules('part', record.part)
  for (const [index, content] of (record.torrents ?? []).entries()) {
    yield* hashRules(`torrents/${index}/`, content)
  }
}

interface Hashes {
  infoHashV1?: string | undefined
  infoHashV2?: string | undefined
}

function* hashRules(path: string, { infoHashV1, infoHashV2 }: Hashes): Generator<Refusal> {
  if (infoHashV1 === undefined && infoHashV2 === undefined) {
    yield refuse(`${path}infoHashV1`, 'is missing, and so is infoHashV2; give at least one infohash')
  }
  if (infoHashV1 !== undefined && !/^[0-9a-f]{40}$/.test(infoHashV1)) {
    yield refuse(`${path}infoHashV1`, 'is not 40 lowercase hexadecimal digits')
  }
  if (infoHashV2 !== undefined && !/^[0-9a-f]{64}$/.test(infoHashV2)) {
    yield refuse(`${path}infoHashV2`, 'is not 64 lowercase hexadecimal digits')
  }
}

interface Ref {
  readonly uri: string
}

/** The limit is longer than the longest DID that is accepted with the longest path that a repository allows. */
const maxRefLength = 2_000

// A reference must use the DID and not the handle, because a handle may pass to another account.
function* refRules(field: string, refs: Ref | readonly Ref[] | undefined): Generator<Refusal> {
  const list = refs === undefined ? [] : Array.isArray(refs) ? (refs as Ref[]) : [refs as Ref]
  for (const [index, { uri }] of list.entries()) {
    if (uri.length <= maxRefLength && /^at:\/\/did:[^/]+\/[^/]+\/[^/]+$/.test(uri)) continue
    const at = Array.isArray(refs) ? `${field}/${index}/uri` : `${field}/uri`
    yield refuse(at, 'does not name a record as at://DID/COLLECTION/KEY')
  }
}

function agents(record: schemas.dataset.Main): [string, schemas.defs.Agent | undefined][] {
  return [
    ['publisher', record.publisher],
    ...(record.creators ?? []).map((agent, i): [string, schemas.defs.Agent] => [`creators/${i}`, agent]),
    ...(record.contacts ?? []).map((agent, i): [string, schemas.defs.Agent] => [`contacts/${i}`, agent]),
    ...(record.contributors ?? []).map(({ agent }, i): [string, schemas.defs.Agent] => [
      `contributors/${i}/agent`,
      agent,
    ]),
  ]
}

function* datasetWarnings(record: schemas.dataset.Main): Generator<Warning> {
  yield* dateWarnings([
    ['issued', record.issued],
    ['modified', record.modified],
    ['temporal/start', record.temporal?.start],
    ['temporal/end', record.temporal?.end],
    ['risk/expectedGone', record.risk?.expectedGone],
  ])
  yield* identifierWarnings('identifiers', record.identifiers)
  const box = record.spatial?.box
  if (box && !isBox(box)) {
    yield warn('invalid-box', 'spatial/box', 'is not a box in decimal degrees within ±180 and ±90')
  }
}

function* dateWarnings(dates: readonly [string, string | undefined][]): Generator<Warning> {
  for (const [field, text] of dates) {
    if (text === undefined || edtfBounds(text)) continue
    yield warn('invalid-date', field, `"${text}" is not EDTF of level 0 or 1, such as "2011" or "1880/1920"`)
  }
}

function* identifierWarnings(
  field: string,
  identifiers: schemas.dataset.Main['identifiers'],
): Generator<Warning> {
  for (const [index, identifier] of (identifiers ?? []).entries()) {
    if (normalizeIdentifier(identifier)) continue
    yield warn(
      'invalid-identifier',
      `${field}/${index}`,
      `"${identifier.value}" is not a valid ${identifier.scheme}`,
    )
  }
}

function isBox({ west, south, east, north }: schemas.defs.Box): boolean {
  const inRange = (text: string, limit: number) =>
    /^[+-]?\d+(\.\d+)?$/.test(text) && Math.abs(Number(text)) <= limit
  return (
    inRange(west, 180) &&
    inRange(east, 180) &&
    inRange(south, 90) &&
    inRange(north, 90) &&
    Number(south) <= Number(north)
  )
}

function refuse(field: string, what: string): Refusal {
  return { field, message: `${field} ${what}` }
}

function warn(code: Warning['code'], field: string, what: string): Warning {
  return { code, field, message: `${field}: ${what}` }
}
