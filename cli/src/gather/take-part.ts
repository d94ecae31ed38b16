import { setTimeout } from 'node:timers/promises'
import type { defs } from '@holdfast/lexicons'
import { getPart, leaseNextPart } from '@holdfast/lexicons'
import type { AppView } from '../appview.ts'
import { CommandError } from '../command-error.ts'
import type { SignedIn } from '../connections.ts'
import { claimLease } from './claims.ts'

/** Which part somebody would take. */
export interface Wish {
  readonly dataset?: string | undefined
  readonly by?: string | undefined
  readonly maxBytes?: number | undefined
  readonly tools?: readonly string[] | undefined
}

export interface Taken {
  /** The AT-URI of the claim. */
  readonly claim: string
  readonly rkey: string
  readonly lease: defs.LeaseView
  readonly remaining: defs.PartCounts
}

/** Has the AppView hand out the next part, and claims it in one's own repository. */
export async function takePart(appview: AppView, account: SignedIn, wish: Wish): Promise<Taken> {
  assertMayGather(account)
  const { dataset, by, maxBytes, tools } = wish
  const input = {
    ...(dataset !== undefined && { dataset }),
    ...(by !== undefined && { by }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(tools && { tools: tools.map((name) => ({ name })) }),
  }
  const { leases, remaining } = await appview.call(leaseNextPart, input as never, account)
  const [lease] = leases
  if (!lease) throw new CommandError('notFound', 'The AppView handed out no part.')
  const { uri, rkey } = await claimLease(account.repo, await appview.did(), lease)
  return { claim: uri, rkey, lease, remaining }
}

/** Fails before anything is handed out. */
export function assertMayGather({ method, gathers, handle }: SignedIn): void {
  if (method === 'oauth' && !gathers)
    throw new CommandError(
      'auth',
      `The session of ${handle} may not claim parts. Run \`holdfast login ${handle} --for gather\` to allow it.`,
    )
}

/** How long to wait for one's own claim to arrive at the AppView, and how often to look. */
const arrivalMs = 5_000
const lookEveryMs = 200

/**
 * Whether somebody else has the part already: two people may be given one part by different indexes in the moment that a claim
 * needs to arrive. Waits until the AppView has the claim; an AppView that does not show it says nothing against it.
 */
export async function isSurplus(appview: AppView, { claim, lease }: Taken): Promise<boolean> {
  const { uri, item } = lease.part
  const until = Date.now() + arrivalMs
  for (;;) {
    const { part } = await appview.query(getPart, { uri, item })
    const own = part.claims.find((one) => one.uri === claim)
    if (own || Date.now() > until) return own?.standing === 'surplus'
    await setTimeout(lookEveryMs)
  }
}
