import type { RequestHandler } from 'express'

/** Allows scripts of any site to read the answers, which are public and do not depend on cookies. */
export const cors: RequestHandler = (req, res, next) => {
  res.setHeader('Access-Control-Allow-Origin', '*')
  res.setHeader(
    'Access-Control-Expose-Headers',
    'ETag, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Content-Disposition, Content-Location, Link',
  )
  if (req.method !== 'OPTIONS') return next()
  res.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, OPTIONS')
  res.setHeader(
    'Access-Control-Allow-Headers',
    'Authorization, Content-Type, If-None-Match, Atproto-Accept-Labelers',
  )
  res.setHeader('Access-Control-Max-Age', '86400')
  res.status(204).end()
}
