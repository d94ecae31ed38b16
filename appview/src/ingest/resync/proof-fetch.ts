import type { RepoIdentity } from '../identity/repo-identity.ts'
import { HostRefusedError, type PdsClient } from '../state/pds-client.ts'
import { type VerifiedChange, verifyRecordProof } from '../verify/verify-commit.ts'

/** Fetches a record with its proof from the PDS that the identity names, and verifies it. Throws VerifyError or an error of the request. */
export type ProofFetch = (
  identity: RepoIdentity,
  path: string,
) => Promise<VerifiedChange & { readonly rev: string }>

export function createProofFetch(pds: PdsClient, wantsPath: (path: string) => boolean): ProofFetch {
  return async (identity, path) => {
    const { did, pdsUrl, signingKey: key } = identity
    try {
      const car = await pds.getRecord(pdsUrl, did, path)
      return await verifyRecordProof(car, { did, path }, { key, wantsPath, nowMs: Date.now() })
    } catch (error) {
      // Some hosts do not prove that a record does not exist, so their answer is believed.
      if (!(error instanceof HostRefusedError) || error.error !== 'RecordNotFound') throw error
      const { rev } = await pds.getRepoStatus(pdsUrl, did)
      if (!rev) throw error
      return { path, cid: null, rev }
    }
  }
}
