import type { defs } from '@holdfast/lexicons'
import { partKey } from '@holdfast/lexicons/gathering'
import { collections } from '@holdfast/lexicons/nsid'
import { CommandError } from '../command-error.ts'
import { putGuarded, type Written } from '../records/put-guarded.ts'
import type { RecordJson, Repo, StoredRecord } from '../records/repo.ts'
import { nextTid } from '../records/tid.ts'
import { assertValid } from '../records/validate.ts'

/** A claim of one's own, as its record says. */
export interface OwnClaim extends StoredRecord {
  readonly value: RecordJson & {
    readonly part: { readonly uri: string; readonly item?: string }
    readonly status?: string
    readonly expiresAt: string
  }
}

/** Writes the claim that follows a lease, under a new key. */
export async function claimLease(repo: Repo, service: string, lease: defs.LeaseView): Promise<Written> {
  const { uri, cid, item } = lease.part
  return putClaim(repo, nextTid(), {
    part: { uri, cid, ...(item !== undefined && { item }) },
    status: 'in-progress',
    expiresAt: lease.expiresAt,
    lease: { service, id: lease.leaseId },
  })
}

/** Changes fields of a claim, or makes it; the other fields stay. */
export async function putClaim(repo: Repo, rkey: string, fields: RecordJson): Promise<Written> {
  return putGuarded(repo, { collection: collections.claim, rkey }, (existing) => {
    const record = {
      ...existing?.value,
      ...fields,
      createdAt: existing?.value.createdAt ?? new Date().toISOString(),
    }
    assertValid(collections.claim, record, 'The claim')
    return record
  })
}

/** The claims in a repository that are in progress and have not expired, newest first; or all of them. */
export async function ownClaims(repo: Repo, { all = false } = {}): Promise<OwnClaim[]> {
  const found: OwnClaim[] = []
  for await (const claim of repo.list(collections.claim)) {
    const own = claim as OwnClaim
    if (all || isOpen(own)) found.push(own)
  }
  return found.sort((a, b) => (a.rkey < b.rkey ? 1 : -1))
}

function isOpen({ value }: OwnClaim): boolean {
  return (value.status ?? 'in-progress') === 'in-progress' && Date.parse(value.expiresAt) > Date.now()
}

/** Finds a claim of one's own by its AT-URI or key, or by the part; without a name, the only one that is open. */
export async function findOwnClaim(repo: Repo, name: string | undefined): Promise<OwnClaim> {
  const claims = await ownClaims(repo, { all: name !== undefined })
  if (name === undefined) {
    const [only, another] = claims
    if (only && !another) return only
    throw new CommandError(
      only ? 'usage' : 'notFound',
      only ? 'You hold several parts: name the claim. holdfast claim list shows them.' : 'You hold no part.',
    )
  }
  const found = claims.find(({ uri, rkey, value }) =>
    [uri, rkey, partKey(value.part), value.part.uri].includes(name),
  )
  if (found) return found
  throw new CommandError(
    'notFound',
    `None of your claims is ${name}, or of that part. holdfast claim list shows them.`,
  )
}

/** Until when a claim is promised that is renewed now: as long as before, at least an hour. */
export function renewedUntil({ value }: OwnClaim): string {
  const before = Date.parse(value.expiresAt) - Date.parse(String(value.createdAt))
  return new Date(Date.now() + Math.min(Math.max(before, 3_600_000), 7 * 24 * 3_600_000)).toISOString()
}
