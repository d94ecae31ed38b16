import type { RequestHandler } from 'express'
import { withPatience } from '../store/patience.ts'
import { asReader } from '../store/replica.ts'
import { visitorOf } from './address.ts'
import type { OwnPrograms } from './own-programs.ts'

/** How long a request may wait for the store in all, before its answer begins. */
const answerMs = 10_000
/** How long each statement may take once an answer has begun, because such an answer may last for any time. */
const statementMs = 10_000

/**
 * Limits how long each request waits for the store, and has visitors take turns there. An operator's POST request, such as
 * allowing or denying, has no time limit. What others ask may be read from a replica.
 */
export function limitPatience(own: OwnPrograms): RequestHandler {
  return (req, res, next) => {
    if (req.method === 'POST' && own.includes(req)) return next()
    const endsAtMs = performance.now() + answerMs
    const msLeft = () => (res.headersSent || res.closed ? statementMs : endsAtMs - performance.now())
    return withPatience(msLeft, () => asReader(next), visitorOf(req.ip ?? ''))
  }
}
