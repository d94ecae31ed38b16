/** Why data was refused: a fixed set, since each is a label in /metrics. */
export type VerifyFault =
  | 'malformed-car'
  | 'too-large'
  | 'missing-block'
  | 'cid-mismatch'
  | 'malformed-tree'
  | 'malformed-commit'
  | 'wrong-repo'
  | 'bad-rev'
  | 'future-rev'
  | 'bad-signature'
  | 'bad-proof'
  | 'ops-mismatch'

/** Data from the network that does not prove what it says. */
export class VerifyError extends Error {
  override readonly name = 'VerifyError'
  readonly fault: VerifyFault
  constructor(fault: VerifyFault, message: string) {
    super(message)
    this.fault = fault
  }
}
