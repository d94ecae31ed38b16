import { didDocument, parseToAtprotoDocument } from '@atproto/identity'
import { isPublicHost } from '../../outbound/public-host.ts'
import { type SigningKey, toSigningKey } from '../verify/signature.ts'

/** What a DID document says of a repository. */
export interface RepoIdentity {
  readonly did: string
  readonly signingKey: SigningKey
  /** Origin of the PDS, such as `https://pds.example.com`. */
  readonly pdsUrl: string
  /** Host and port of the PDS, to compare with the source of an event. */
  readonly pdsHost: string
  /** The handle that the document claims; it may not resolve back to the DID. */
  readonly claimedHandle: string | undefined
}

/** Reads a DID document (atproto DID spec); returns a string with the reason when it cannot be used. */
export function parseIdentity(did: string, text: string, allowPrivateHosts: boolean): RepoIdentity | string {
  let parsed: ReturnType<typeof parseToAtprotoDocument>
  try {
    const document = didDocument.parse(JSON.parse(text))
    if (document.id !== did) return 'its document is of another DID'
    parsed = parseToAtprotoDocument(document)
  } catch {
    return 'its document is not a DID document'
  }
  const signingKey = parsed.signingKey ? toSigningKey(parsed.signingKey) : undefined
  if (!signingKey) return 'its document names no signing key of a kind that atproto uses'
  if (!parsed.pds || !URL.canParse(parsed.pds)) return 'its document names no PDS'
  const pds = new URL(parsed.pds)
  if (!allowPrivateHosts && pds.protocol !== 'https:') return 'its PDS is not reached by https'
  if (!allowPrivateHosts && !isPublicHost(pds.hostname)) return 'its PDS is not at a public address'
  return {
    did,
    signingKey,
    pdsUrl: pds.origin,
    pdsHost: pds.host,
    claimedHandle: parsed.handle?.toLowerCase(),
  }
}
