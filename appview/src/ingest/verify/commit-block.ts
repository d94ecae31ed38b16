import { type CidKey, readCidKey } from '../cid-key.ts'
import { byteString, CborStepper, knownKeys, NotCanonicalError, stepMap, uint } from '../frame/cbor-step.ts'
import { VerifyError } from './verify-error.ts'

/** A repository's signed commit (atproto repository spec, version 3). */
export interface CommitBlock {
  readonly did: string
  readonly rev: string
  /** The root of the tree of records. */
  readonly data: CidKey
  readonly signature: Uint8Array
  /** What the signature covers: the commit without its `sig`. */
  readonly signedBytes: Uint8Array
}

const keys = knownKeys(['did', 'rev', 'sig', 'data', 'prev', 'version'])
const required = 0b101111
const sigKeyBytes = 4

/** Reads a commit block, which must be canonical DAG-CBOR. Throws VerifyError. */
export function readCommitBlock(bytes: Uint8Array): CommitBlock {
  const stepper = new CborStepper()
  stepper.reset(bytes)
  const text = () => {
    const start = stepper.ascii()
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, stepper.at)
  }
  let [did, rev, data] = ['', '', undefined as CidKey | undefined]
  let [signatureStart, signatureEnd, pairStart] = [0, 0, 0]
  const onKey = [
    () => (did = text()),
    () => (rev = text()),
    () => {
      pairStart = stepper.at - sigKeyBytes
      signatureStart = stepper.take(stepper.expect(byteString))
      signatureEnd = stepper.at
    },
    () => (data = readCidKey(bytes, stepper.cid())),
    () => stepper.cidOrNull(),
    () => {
      if (stepper.expect(uint) !== 3) throw malformed('its version is not 3')
    },
  ]
  let present = 0
  try {
    present = stepMap(stepper, keys, (index) => onKey[index]!())
  } catch (error) {
    if (error instanceof NotCanonicalError) throw malformed('it is not canonical DAG-CBOR')
    throw error
  }
  if ((present & required) !== required || !data || stepper.at !== bytes.length)
    throw malformed('fields are missing')
  // A map of at most 23 pairs has their number in its first byte, so one pair fewer is one less.
  const signedBytes = Buffer.concat([bytes.subarray(0, pairStart), bytes.subarray(signatureEnd)])
  signedBytes[0]! -= 1
  return { did, rev, data, signature: bytes.subarray(signatureStart, signatureEnd), signedBytes }
}

function malformed(what: string): VerifyError {
  return new VerifyError('malformed-commit', `not a usable commit: ${what}`)
}
