import type { Response } from 'express'

/** The headers that limit what a page may load and do: everything comes from this site, and nothing is inline. */
const strict: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'style-src': "'self'",
  'script-src': "'self'",
  'img-src': "'self'",
  'connect-src': "'self'",
  'form-action': "'self'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
}

/** Sets the security headers of a page. `connect` names other origins for its scripts, such as a person's own PDS. */
export function securePage(res: Response, connect?: string): void {
  const policy = connect === undefined ? strict : { ...strict, 'connect-src': `'self' ${connect}` }
  const text = Object.entries(policy).map(([name, value]) => `${name} ${value}`)
  res.setHeader('Content-Security-Policy', text.join('; '))
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Referrer-Policy', 'no-referrer')
  res.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
  res.setHeader('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), browsing-topics=()')
}

/** Sets the security headers of pictures in this site's own pages. */
export function securePicture(res: Response): void {
  res.setHeader('Content-Security-Policy', "default-src 'none'; sandbox")
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
}

/** Sets the security headers of images that may be opened directly, in which no script may run. */
export function secureImage(res: Response): void {
  res.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox")
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
}
