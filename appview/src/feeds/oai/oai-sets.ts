/** The sets of the archive (OAI-PMH 2.0, section 2.6), named `risk.endangered`, `keyword.sea!20ice`: no set is in another. */
import { decodeCursor, encodeCursor, InvalidCursorError } from '../../catalog/cursor.ts'
import {
  type HarvestSet,
  harvestSetKinds,
  harvestSetOf,
  isSetPosition,
  readHarvestSets,
  type SetPosition,
} from '../../catalog/views/datasets/harvest-sets.ts'
import type { DescribedParts } from '../described.ts'
import { type Element, element, text } from '../xml.ts'
import type { OaiArguments } from './oai-arguments.ts'
import { invalidToken, OaiError } from './oai-error.ts'

const setsAPage = 500

/** A page of sets that have records, and the token of the next. @throws OaiError */
export async function listSets(
  { db }: DescribedParts,
  { resumptionToken }: OaiArguments,
): Promise<Element[]> {
  let after = resumptionToken === undefined ? undefined : readToken(resumptionToken)
  for (;;) {
    const { sets, next } = await readHarvestSets(db, { after, limit: setsAPage })
    after = next
    // Names that only hidden records have are passed over, whole pages of them too.
    if (sets.length === 0 && next) continue
    if (sets.length === 0 && resumptionToken === undefined)
      throw new OaiError('noSetHierarchy', 'No record is in a set yet.')
    const token = next && encodeCursor(listing, next)
    const listed = sets.map((set) =>
      element('set', {}, text('setSpec', setSpecOf(set)), text('setName', `${set.kind}: ${set.name}`)),
    )
    return [...listed, ...(token || resumptionToken ? [element('resumptionToken', {}, token)] : [])]
  }
}

/**
 * A specification takes the characters that a URL leaves alone; others are written `!20` for `%20`. HTTP::OAI refuses the
 * tilde, which the protocol lets be.
 */
export function setSpecOf({ kind, value }: HarvestSet): string {
  const escaped = encodeURIComponent(value.toWellFormed()).replaceAll('!', '%21').replaceAll('~', '%7E')
  return `${kind}.${escaped.replaceAll('%', '!')}`
}

/** @throws OaiError `badArgument` for what names no set in this archive's way */
export function readSetSpec(spec: string): HarvestSet {
  const dot = spec.indexOf('.')
  const kind = harvestSetKinds.find((each) => each === spec.slice(0, dot))
  const set = kind && harvestSetOf(kind, decode(spec.slice(dot + 1)))
  if (!set || setSpecOf(set) !== spec)
    throw new OaiError('badArgument', 'set is none of this archive; ListSets tells which there are.')
  return set
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('%', '%25').replaceAll('!', '%'))
  } catch {
    return ''
  }
}

const listing = 'oai ListSets'

function readToken(token: string): SetPosition {
  try {
    const position = decodeCursor(listing, token, ['string', 'string'])
    if (!isSetPosition(position)) throw new InvalidCursorError()
    return position
  } catch (error) {
    if (!(error instanceof InvalidCursorError)) throw error
    throw invalidToken()
  }
}
