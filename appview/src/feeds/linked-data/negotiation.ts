import type { Request } from 'express'
import { queryOf } from '../../http/request-target.ts'
import { BadRequestError } from '../bad-request-error.ts'
import { type Format, formats } from './documents.ts'

/** The formats in which a dataset is served: those of its graph, and the HTML page. */
export type Form = Format | 'html'

const endings = Object.keys(formats) as Format[]

/** A pattern for routes that matches the ending of each format. */
export const endingPattern = endings.join('|')

/**
 * The format that `?format=` names; undefined without it. `others` are valid values besides the formats of a graph.
 *
 * @throws BadRequestError for an unknown format
 */
export function namedForm<Other extends string>(
  req: Request,
  others: readonly Other[],
): Format | Other | undefined {
  const asked = queryOf(req).get('format')
  if (asked === null) return undefined
  const known = [...endings, ...others].find((form) => form === asked)
  if (known === undefined)
    throw new BadRequestError(`format must be one of ${[...endings, ...others].join(', ')}.`)
  return known
}

/** The format that the `Accept` header prefers (RFC 9110, section 12.5.1), or the first of `offered` if it has no preference. */
export function acceptedForm<Offered extends Form>(req: Request, offered: readonly Offered[]): Offered {
  const types = offered.map((form) => (form === 'html' ? 'text/html' : formats[form as Format].type))
  const best = req.accepts(types)
  return offered[types.indexOf(String(best))] ?? offered[0]!
}

/** Splits off a record key's ending that names a format; undefined when there is none. */
export function splitEnding(rkey: string): { rkey: string; form: Format } | undefined {
  const form = endings.find((ending) => rkey.endsWith(`.${ending}`) && rkey.length > ending.length + 1)
  return form && { rkey: rkey.slice(0, -form.length - 1), form }
}
