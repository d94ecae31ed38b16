/** The sets of the repository (OAI-PMH 2.0, section 2.6), such as `risk.endangered` and `keyword.sea!20ice`. They are not nested. */

import {
  type HarvestSet,
  harvestSetKinds,
  harvestSetOf,
  isSetPosition,
  readHarvestSets,
  type SetPosition,
} from '../../catalog/views/datasets/harvest-sets.ts'
import { decodeCursor, encodeCursor, InvalidCursorError } from '../../store/page-cursor.ts'
import type { DescribedParts } from '../describe-datasets.ts'
import { type Element, element, text } from '../xml.ts'
import type { OaiArguments } from './oai-arguments.ts'
import { invalidToken, OaiError } from './oai-error.ts'

const setsAPage = 500

/** Reads a page of sets that have records, and the token of the next page. @throws OaiError */
export async function listSets(
  { db }: DescribedParts,
  { resumptionToken }: OaiArguments,
): Promise<Element[]> {
  let after = resumptionToken === undefined ? undefined : readToken(resumptionToken)
  for (;;) {
    const { sets, next } = await readHarvestSets(db, { after, limit: setsAPage })
    after = next
    // Names that only hidden records have are skipped, even if they fill whole pages.
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
 * The name of a set (`setSpec`). It may contain only the unreserved characters of URLs; others are written like `!20` for
 * `%20`. So is the tilde, which the protocol allows but HTTP::OAI refuses.
 */
export function setSpecOf({ kind, value }: HarvestSet): string {
  const escaped = encodeURIComponent(value.toWellFormed()).replaceAll('!', '%21').replaceAll('~', '%7E')
  return `${kind}.${escaped.replaceAll('%', '!')}`
}

/** Reads the name of a set. @throws OaiError `badArgument` when it is not a name that `setSpecOf` writes */
export function readSetSpec(spec: string): HarvestSet {
  const dot = spec.indexOf('.')
  const kind = harvestSetKinds.find((each) => each === spec.slice(0, dot))
  const set = kind && harvestSetOf(kind, decode(spec.slice(dot + 1)))
  if (!set || setSpecOf(set) !== spec)
    throw new OaiError('badArgument', 'This repository has no such set. ListSets lists the sets there are.')
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
