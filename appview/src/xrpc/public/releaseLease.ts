import type { releaseLease as schema } from '@holdfast/lexicons'
import { releaseLease as release } from '../../catalog/leases.ts'
import type { Db } from '../../store/sql.ts'
import { CallerError } from '../caller-error.ts'
import { type Answer, requireCaller } from '../serve.ts'

/** Ends a lease of the account that calls, if no claim has followed it. */
export function releaseLease(db: Db): Answer<typeof schema.main> {
  return async ({ caller, input }) => {
    const did = requireCaller(caller)
    if (await release(db, { did, id: input.leaseId })) return {}
    throw new CallerError(
      'LeaseNotFound',
      'This account has no such lease. It may have ended, or a claim has taken its place; put the claim with the status released then.',
    )
  }
}
