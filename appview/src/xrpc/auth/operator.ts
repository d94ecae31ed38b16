import { hash, timingSafeEqual } from 'node:crypto'
import { CallerError } from '../caller-error.ts'

/** Lets in who holds the operator's token. @throws CallerError AdminDisabled, AuthRequired */
export function operatorAuth(adminToken: string | undefined) {
  return async ({
    req,
  }: {
    req: { headers: { authorization?: string | undefined } }
  }): Promise<{ credentials: { operator: true } }> => {
    if (adminToken === undefined)
      throw new CallerError(
        'AdminDisabled',
        'This server has no operator token; set HOLDFAST_ADMIN_TOKEN and start it again.',
      )
    const given = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1]
    if (given === undefined || !sameText(given.trim(), adminToken))
      throw new CallerError(
        'AuthRequired',
        'Send the operator’s token as Authorization: Bearer, the value of HOLDFAST_ADMIN_TOKEN.',
      )
    return { credentials: { operator: true } }
  }
}

/** Compares in a time that tells nothing of where two texts differ. */
function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}
