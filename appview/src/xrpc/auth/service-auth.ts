/**
 * Service tokens (atproto XRPC spec, inter-service authentication), as a PDS sends them with `atproto-proxy`. The
 * index is public, so no token is needed; one that is sent must be right. `verifyJwt` leaves four things to us:
 * both spellings of the audience, `iat`, the greatest age, and that a token is used once.
 */
import { AuthRequiredError, extractUrlNsid, verifyJwt } from '@atproto/xrpc-server'
import type { TokenIds } from './token-ids.ts'

export interface ServiceAuthParts {
  /** This server's own DID. */
  serviceDid: () => string
  /** The fragment of its service entry, without `#`. */
  serviceId: string
  /** The `did:key` that an account signs with now; asks anew with `refresh`. Throws when it cannot be told. */
  signingKeyOf: (did: string, options: { refresh: boolean }) => Promise<string>
  usedTokens: TokenIds
  now?: () => number
}

export interface Caller {
  /** The account that calls, where a token says so. */
  did: string | null
}

interface RequestLike {
  headers: { authorization?: string | undefined }
  url?: string | undefined
  originalUrl?: string
}

const maxAgeSeconds = 300
/** How far two clocks may differ. */
const skewSeconds = 30

/** Tells who calls. A token that is wrong in any way is refused. */
export function serviceAuth(
  parts: ServiceAuthParts,
): (request: { req: RequestLike }) => Promise<{ credentials: Caller }> {
  return async ({ req }) => {
    const { authorization } = req.headers
    if (authorization === undefined) return { credentials: { did: null } }
    const token = /^Bearer ([\w.-]+)$/i.exec(authorization)?.[1]
    if (token === undefined)
      throw new AuthRequiredError('Send a service token as Authorization: Bearer, or none at all.', 'BadJwt')
    const method = extractUrlNsid(req.originalUrl ?? req.url ?? '') ?? null
    const payload = await verify(token, method, parts)
    checkAudience(payload.aud, parts)
    const now = Math.floor((parts.now ?? Date.now)() / 1000)
    checkAge(payload, now)
    const until = Math.min(payload.exp, now + maxAgeSeconds + skewSeconds)
    if (!(await parts.usedTokens.take(`${payload.iss} ${jtiOf(payload)}`, until)))
      throw new AuthRequiredError('This token was used before; sign a new one for each call.', 'JwtReplayed')
    return { credentials: { did: payload.iss.split('#')[0]! } }
  }
}

type Payload = Awaited<ReturnType<typeof verifyJwt>> & { iat?: unknown; jti?: unknown }

async function verify(token: string, method: string | null, parts: ServiceAuthParts): Promise<Payload> {
  try {
    return await verifyJwt(token, null, method, async (iss, refresh) => {
      try {
        return await parts.signingKeyOf(iss.split('#')[0]!, { refresh })
      } catch (cause) {
        throw new AuthRequiredError(
          'The signing key of the token’s issuer cannot be found now.',
          'BadJwtIss',
          { cause },
        )
      }
    })
  } catch (error) {
    if (error instanceof SyntaxError) throw new AuthRequiredError('poorly formatted jwt', 'BadJwt')
    throw error
  }
}

function checkAudience(aud: string, { serviceDid, serviceId }: ServiceAuthParts): void {
  const did = serviceDid()
  if (aud !== did && aud !== `${did}#${serviceId}`)
    throw new AuthRequiredError(
      `The token is for ${aud.slice(0, 200)}; this is ${did}#${serviceId}.`,
      'BadJwtAudience',
    )
}

function checkAge({ iat, exp }: Payload, now: number): void {
  if (typeof iat !== 'number')
    throw new AuthRequiredError('The token does not say when it was made (iat).', 'BadJwtIat')
  if (iat > now + skewSeconds)
    throw new AuthRequiredError('The token was made in the future (iat).', 'BadJwtIat')
  if (now - iat > maxAgeSeconds)
    throw new AuthRequiredError(`The token is older than ${maxAgeSeconds} seconds (iat).`, 'JwtExpired')
  if (exp < iat) throw new AuthRequiredError('The token expired before it was made.', 'BadJwt')
}

function jtiOf({ jti }: Payload): string {
  if (typeof jti !== 'string' || jti === '' || jti.length > 200)
    throw new AuthRequiredError('The token has no id (jti).', 'BadJwtJti')
  return jti
}
