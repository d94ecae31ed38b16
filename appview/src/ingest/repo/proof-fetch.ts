import type { RepoIdentity } from '../identity/repo-identity.ts'
import { type VerifiedChange, verifyRecordProof } from '../verify/verify-commit.ts'
import { HostSaysNo, type PdsClient } from './pds-client.ts'

/** Asks a record of the PDS that the identity names, and verifies the answer. Throws VerifyError or what the asking throws. */
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
      // Some hosts answer without a proof when there is no record; their own word on that must do.
      if (!(error instanceof HostSaysNo) || error.error !== 'RecordNotFound') throw error
      const { rev } = await pds.getRepoStatus(pdsUrl, did)
      if (!rev) throw error
      return { path, cid: null, rev }
    }
  }
}
