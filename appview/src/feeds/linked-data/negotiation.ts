import type { Request } from 'express'
import { BadRequest } from '../bad-request.ts'
import { queryOf } from '../request-query.ts'
import { type Format, formats } from './documents.ts'

/** The forms of a thing: those of its graph, and its page. */
export type Form = Format | 'html'

const endings = Object.keys(formats) as Format[]

/** For a route's path: the ending that names a form. */
export const endingPattern = endings.join('|')

/**
 * The form that `?format=` names; undefined without it. `others` are values beside the forms of a graph.
 *
 * @throws BadRequest for a form there is not
 */
export function namedForm<Other extends string>(
  req: Request,
  others: readonly Other[],
): Format | Other | undefined {
  const asked = queryOf(req).get('format')
  if (asked === null) return undefined
  const known = [...endings, ...others].find((form) => form === asked)
  if (known === undefined)
    throw new BadRequest(`format must be one of ${[...endings, ...others].join(', ')}.`)
  return known
}

/** The form that the `Accept` header prefers (RFC 9110, section 12.5.1): the first of `offered` where it has no preference. */
export function acceptedForm<Offered extends Form>(req: Request, offered: readonly Offered[]): Offered {
  const types = offered.map((form) => (form === 'html' ? 'text/html' : formats[form as Format].type))
  const best = req.accepts(types)
  return offered[types.indexOf(String(best))] ?? offered[0]!
}

/** A record key without the ending that names a form; undefined where it has none. */
export function splitEnding(rkey: string): { rkey: string; form: Format } | undefined {
  const form = endings.find((ending) => rkey.endsWith(`.${ending}`) && rkey.length > ending.length + 1)
  return form && { rkey: rkey.slice(0, -form.length - 1), form }
}
