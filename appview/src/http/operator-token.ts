import { hash, timingSafeEqual } from 'node:crypto'

/** Whether a request carries the operator's token. */
export function holdsToken(
  { headers }: { headers: { authorization?: string | undefined } },
  adminToken: string,
): boolean {
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  return given !== undefined && sameText(given.trim(), adminToken)
}

/** Compares in constant time, so that the time does not reveal where two texts differ. */
function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}
