import type { defs, leaseNextPart as schema } from '@holdfast/lexicons'
import { defaultLeaseSeconds } from '@holdfast/lexicons/gathering'
import type { Lease, LeaseDesk } from '../../catalog/leases.ts'
import { type PartCounting, readPartViews } from '../../catalog/views/gathering/part-views.ts'
import type { Db } from '../../store/sql.ts'
import { CallerError } from '../caller-error.ts'
import { noPart } from '../gathering-errors.ts'
import { resolveUri } from '../lookups.ts'
import { type Answer, requireCaller } from '../serve.ts'

/** Hands out the next parts to the account that calls. */
export function leaseNextPart(
  db: Db,
  { count, desk }: { count: PartCounting; desk: LeaseDesk },
): Answer<typeof schema.main> {
  return async ({ caller, input }) => {
    const did = requireCaller(caller)
    const dataset = input.dataset && ((await resolveUri(db, input.dataset)) ?? input.dataset)
    const filter = {
      dataset,
      by: input.by,
      maxBytes: input.maxBytes,
      tools: input.tools?.map(({ name }) => name),
      excludeHosts: input.excludeHosts?.map(({ host }) => host.toLowerCase()),
    }
    const leases = await desk.lease({ did, count: input.count ?? 1 }, filter)
    const remaining = await count({ dataset, by: input.by })
    if (leases === 'too-many-claims')
      throw new CallerError(
        'TooManyClaims',
        'This account holds as many parts as it may. Finish or release one first; an account may hold more after it has gathered some, and when the operator of this server has let it in.',
      )
    if (leases === 'source-busy')
      throw new CallerError(
        'SourceBusy',
        'The servers of all parts that fit are asked as often as they may be. Ask again in a few minutes, when somebody has finished.',
      )
    if (leases === 'no-part') throw noPart(remaining)
    const parts = await readPartViews(
      db,
      leases.map(({ partKey }) => partKey),
    )
    return { leases: parts.map((part, index) => toLeaseView(leases[index]!, part)), remaining }
  }
}

function toLeaseView(lease: Lease, part: defs.PartView): defs.LeaseView {
  const { leaseSeconds } = part.record as { leaseSeconds?: number }
  const seconds = Math.min(leaseSeconds ?? defaultLeaseSeconds, lease.maxSeconds ?? Number.POSITIVE_INFINITY)
  return {
    part,
    leaseId: lease.id,
    confirmBy: lease.confirmBy as defs.LeaseView['confirmBy'],
    expiresAt: new Date(Date.now() + seconds * 1_000).toISOString() as defs.LeaseView['expiresAt'],
    pace: { host: lease.host ?? '', requestsPerMinute: lease.requestsPerMinute },
  }
}
