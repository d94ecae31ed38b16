import type { Request } from 'express'

/** The parameters that a request's address carries, each as often as it was given. */
export function queryOf(req: Request): URLSearchParams {
  return new URL(req.originalUrl, 'http://pages.invalid').searchParams
}
