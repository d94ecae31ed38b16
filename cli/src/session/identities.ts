import { AtpAgent } from '@atproto/api'
import { type DidDocument, getPds, IdResolver } from '@atproto/identity'
import { Failure } from '../failure.ts'
import { strangerFetch } from './stranger-fetch.ts'

/** Who an account is and where its repo lives. */
export interface Identity {
  readonly did: string
  /** The handle its DID document names. */
  readonly handle: string | undefined
  readonly pdsUrl: string
}

export interface Identities {
  /** Looks an account up by handle or DID; throws a Failure that says which step did not work. */
  resolve(identifier: string): Promise<Identity>
}

export interface IdentityOptions {
  readonly plcUrl: string
  readonly allowPrivateHosts: boolean
  /** A server that is asked about handles which neither DNS nor HTTPS knows, such as those of a network without either. */
  readonly pdsUrl: string | undefined
}

/** Looks accounts up by DNS, HTTPS and the PLC directory (atproto handle and DID specs). */
export function identities(options: IdentityOptions): Identities {
  const fetch = strangerFetch({
    allowPrivateHosts: options.allowPrivateHosts,
    timeoutMs: 10_000,
    maxBytes: 512 * 1024,
  })
  const resolver = new IdResolver({ plcUrl: options.plcUrl, fetch, timeout: 10_000 })
  return {
    async resolve(identifier) {
      const isDid = identifier.startsWith('did:')
      const did = isDid ? identifier : await resolveHandle(resolver, identifier, options.pdsUrl)
      const document = await resolveDid(resolver, did)
      if (!isDid && handleOf(document)?.toLowerCase() !== identifier.toLowerCase())
        throw new Failure('notFound', `${identifier} leads to ${did}, which does not name it as its handle.`)
      const pdsUrl = getPds(document)
      if (!pdsUrl) throw new Failure('notFound', `${identifier} (${did}) names no PDS in its DID document.`)
      return { did, handle: handleOf(document), pdsUrl: pdsUrl.replace(/\/+$/, '') }
    },
  }
}

async function resolveHandle(
  resolver: IdResolver,
  handle: string,
  pdsUrl: string | undefined,
): Promise<string> {
  const did = await resolver.handle.resolve(handle).catch(() => undefined)
  if (did) return did
  const told = pdsUrl && (await askPds(pdsUrl, handle))
  if (told) return told
  throw new Failure(
    'notFound',
    `The handle ${handle} does not resolve, neither by DNS (_atproto.${handle}) nor at https://${handle}/.well-known/atproto-did. Check the spelling, give the DID, or name the server with --pds.`,
  )
}

async function askPds(pdsUrl: string, handle: string): Promise<string | undefined> {
  const { com } = new AtpAgent({ service: pdsUrl })
  return com.atproto.identity.resolveHandle({ handle }).then(
    ({ data }) => data.did,
    () => undefined,
  )
}

async function resolveDid(resolver: IdResolver, did: string): Promise<DidDocument> {
  let document: DidDocument | null
  try {
    document = await resolver.did.resolve(did)
  } catch (cause) {
    throw new Failure(
      'network',
      `The DID document of ${did} could not be read: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
  if (!document) throw new Failure('notFound', `There is no account ${did}.`)
  return document
}

function handleOf(document: DidDocument): string | undefined {
  return document.alsoKnownAs?.find((name) => name.startsWith('at://'))?.slice('at://'.length)
}
