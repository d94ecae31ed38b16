import { type DidDocument, getPds, IdResolver } from '@atproto/identity'
import { CommandError } from '../command-error.ts'
import { limitedFetch } from './limited-fetch.ts'
import { strangerFetch } from './stranger-fetch.ts'

/** An account, and where its repo is hosted. */
export interface Identity {
  readonly did: string
  /** The handle that its DID document names. */
  readonly handle: string | undefined
  readonly pdsUrl: string
}

export interface Identities {
  /** Looks an account up by handle or DID; throws a CommandError that says which step failed. */
  resolve(identifier: string): Promise<Identity>
}

export interface IdentityOptions {
  readonly plcUrl: string
  readonly allowPrivateHosts: boolean
  /** A server to ask about handles that neither DNS nor HTTPS resolves, such as those of a network without either. */
  readonly pdsUrl: string | undefined
}

const limits = { timeoutMs: 10_000, maxBytes: 512 * 1024 }

/** Looks up accounts by DNS, HTTPS and the PLC directory (atproto handle and DID specs). */
export function identities(options: IdentityOptions): Identities {
  const fetch = strangerFetch({ ...limits, allowPrivateHosts: options.allowPrivateHosts })
  const resolver = new IdResolver({ plcUrl: options.plcUrl, fetch, timeout: 10_000 })
  return {
    async resolve(identifier) {
      const isDid = identifier.startsWith('did:')
      const did = isDid ? identifier : await resolveHandle(resolver, identifier, options.pdsUrl)
      const document = await resolveDid(resolver, did)
      if (!isDid && handleOf(document)?.toLowerCase() !== identifier.toLowerCase())
        throw new CommandError(
          'notFound',
          `${identifier} resolves to ${did}, whose DID document does not name it as a handle.`,
        )
      const pdsUrl = getPds(document)
      if (!pdsUrl)
        throw new CommandError('notFound', `${identifier} (${did}) names no PDS in its DID document.`)
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
  throw new CommandError(
    'notFound',
    `The handle ${handle} does not resolve, neither by DNS (_atproto.${handle}) nor at https://${handle}/.well-known/atproto-did. Check the spelling, give the DID, or name the server with --pds.`,
  )
}

async function askPds(pdsUrl: string, handle: string): Promise<string | undefined> {
  const fetch = limitedFetch(limits)
  const url = new URL('/xrpc/com.atproto.identity.resolveHandle', pdsUrl)
  url.searchParams.set('handle', handle)
  try {
    const { did } = (await (await fetch(url)).json()) as { did?: unknown }
    return typeof did === 'string' ? did : undefined
  } catch {
    return undefined
  }
}

async function resolveDid(resolver: IdResolver, did: string): Promise<DidDocument> {
  let document: DidDocument | null
  try {
    document = await resolver.did.resolve(did)
  } catch (cause) {
    throw new CommandError(
      'network',
      `The DID document of ${did} could not be read: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
  if (!document) throw new CommandError('notFound', `There is no account ${did}.`)
  return document
}

function handleOf(document: DidDocument): string | undefined {
  return document.alsoKnownAs?.find((name) => name.startsWith('at://'))?.slice('at://'.length)
}
