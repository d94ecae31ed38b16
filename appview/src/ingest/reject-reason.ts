import type { VerifyFault } from './verify/verify-error.ts'

/** Why ingest refuses an event or a record: the values of the lexicon's `rejectReason` that ingest can give. */
export const rejectReasons = [
  'invalid-lexicon',
  'invalid-record-key',
  'invalid-cbor',
  'record-too-large',
  'unstorable',
  'bad-signature',
  'invalid-commit',
  'invalid-proof',
  'cid-mismatch',
  'rev-in-future',
  'host-mismatch',
  'did-unresolvable',
  'account-inactive',
  'repo-too-large',
  'quota-records',
  'quota-bytes',
  'quota-resyncs',
] as const

export type RejectReason = (typeof rejectReasons)[number]

const reasonByRule: Record<VerifyFault, RejectReason> = {
  'malformed-car': 'invalid-commit',
  'too-large': 'repo-too-large',
  'missing-block': 'invalid-proof',
  'cid-mismatch': 'cid-mismatch',
  'malformed-tree': 'invalid-proof',
  'malformed-commit': 'invalid-commit',
  'wrong-repo': 'invalid-commit',
  'bad-rev': 'invalid-commit',
  'future-rev': 'rev-in-future',
  'bad-signature': 'bad-signature',
  'bad-proof': 'invalid-proof',
  'ops-mismatch': 'invalid-proof',
}

/** The public reason for a fault of verification. */
export function reasonOf(fault: VerifyFault): RejectReason {
  return reasonByRule[fault]
}
