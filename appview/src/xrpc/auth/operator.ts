import { holdsToken } from '../../http/operator-token.ts'
import { CallerError } from '../caller-error.ts'

/** Accepts requests with the operator's token. @throws CallerError AdminDisabled, AuthenticationRequired */
export function operatorAuth(adminToken: string | undefined) {
  return async ({
    req,
  }: {
    req: { headers: { authorization?: string | undefined } }
  }): Promise<{ credentials: { operator: true } }> => {
    if (adminToken === undefined)
      throw new CallerError(
        'AdminDisabled',
        'This server has no operator token. Set HOLDFAST_ADMIN_TOKEN and start it again.',
      )
    if (!holdsToken(req, adminToken))
      throw new CallerError(
        'AuthenticationRequired',
        'Send the operator’s token (the value of HOLDFAST_ADMIN_TOKEN) as “Authorization: Bearer TOKEN”.',
      )
    return { credentials: { operator: true } }
  }
}
