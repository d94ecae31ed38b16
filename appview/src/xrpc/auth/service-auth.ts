/**
 * Service tokens (atproto XRPC spec, inter-service authentication), as a PDS sends them with `atproto-proxy`. The
 * index is public, so no token is needed; but one that is sent must be valid. `verifyJwt` leaves four checks to us:
 * both spellings of the audience, `iat`, the greatest age, and that each token is used only once.
 */
import { AuthRequiredError, extractUrlNsid, verifyJwt } from '@atproto/xrpc-server'
import type { TokenIds } from './token-ids.ts'

export interface ServiceAuthParts {
  /** This server's own DID. */
  serviceDid: () => string
  /** The fragment of its service entry, without `#`. */
  serviceId: string
  /** Finds the `did:key` that an account signs with now, with `refresh` by resolving its DID again. Throws when it cannot be found. */
  signingKeyOf: (did: string, options: { refresh: boolean; address: string }) => Promise<string>
  usedTokens: TokenIds
  now?: () => number
}

export interface Caller {
  /** The account that calls, if a token proves one. */
  did: string | null
}

interface RequestLike {
  headers: { authorization?: string | undefined }
  ip?: string | undefined
  url?: string | undefined
  originalUrl?: string
}

const maxAgeSeconds = 300
/** How far the issuer's clock and ours may differ. */
const skewSeconds = 30

/** Finds out who calls. @throws AuthRequiredError for a token that is invalid in any way */
export function serviceAuth(
  parts: ServiceAuthParts,
): (request: { req: RequestLike }) => Promise<{ credentials: Caller }> {
  return async ({ req }) => {
    const { authorization } = req.headers
    if (authorization === undefined) return { credentials: { did: null } }
    const token = /^Bearer ([\w.-]+)$/i.exec(authorization)?.[1]
    if (token === undefined)
      throw new AuthRequiredError(
        'Send a service token as “Authorization: Bearer TOKEN”, or no Authorization header at all.',
        'BadJwt',
      )
    const method = extractUrlNsid(req.originalUrl ?? req.url ?? '') ?? null
    const now = Math.floor((parts.now ?? Date.now)() / 1000)
    // Check the claims first, so that no key is looked up for a token that would be refused anyway.
    checkClaims(claimedIn(token), { now, parts })
    const payload = await verify(token, { method, address: req.ip ?? '' }, parts)
    checkClaims(payload, { now, parts })
    const until = Math.min(payload.exp, now + maxAgeSeconds + skewSeconds)
    if (!(await parts.usedTokens.take(`${payload.iss} ${jtiOf(payload)}`, until)))
      throw new AuthRequiredError('This token was used before; sign a new one for each call.', 'JwtReplayed')
    return { credentials: { did: payload.iss.split('#')[0]! } }
  }
}

type Payload = Awaited<ReturnType<typeof verifyJwt>> & { iat?: unknown; jti?: unknown }

/** The unproved claims in a token; undefined when it cannot be parsed, which `verifyJwt` then reports. */
function claimedIn(token: string): Payload | undefined {
  try {
    const claimed = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return typeof claimed.aud === 'string' && typeof claimed.exp === 'number' ? claimed : undefined
  } catch {
    return undefined
  }
}

function checkClaims(
  payload: Payload | undefined,
  { now, parts }: { now: number; parts: ServiceAuthParts },
): void {
  if (!payload) return
  checkAudience(payload.aud, parts)
  checkAge(payload, now)
  jtiOf(payload)
}

async function verify(
  token: string,
  { method, address }: { method: string | null; address: string },
  parts: ServiceAuthParts,
): Promise<Payload> {
  try {
    return await verifyJwt(token, null, method, async (iss, refresh) => {
      try {
        return await parts.signingKeyOf(iss.split('#')[0]!, { refresh, address })
      } catch (cause) {
        throw new AuthRequiredError(
          'The signing key of the token’s issuer cannot be found at the moment.',
          'BadJwtIss',
          { cause },
        )
      }
    })
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new AuthRequiredError('The token is not a well-formed JWT.', 'BadJwt')
    throw error
  }
}

function checkAudience(aud: string, { serviceDid, serviceId }: ServiceAuthParts): void {
  const did = serviceDid()
  if (aud !== did && aud !== `${did}#${serviceId}`)
    throw new AuthRequiredError(
      `The token is meant for ${aud.slice(0, 200)}, but this server is ${did}#${serviceId}.`,
      'BadJwtAudience',
    )
}

function checkAge({ iat, exp }: Payload, now: number): void {
  if (typeof iat !== 'number')
    throw new AuthRequiredError('The token does not say when it was issued (iat).', 'BadJwtIat')
  if (iat > now + skewSeconds)
    throw new AuthRequiredError('The token was issued in the future (iat).', 'BadJwtIat')
  if (now - iat > maxAgeSeconds)
    throw new AuthRequiredError(`The token is older than ${maxAgeSeconds} seconds (iat).`, 'JwtExpired')
  if (exp < iat) throw new AuthRequiredError('The token expires before it was issued (exp, iat).', 'BadJwt')
}

function jtiOf({ jti }: Payload): string {
  if (typeof jti !== 'string' || jti === '' || jti.length > 200)
    throw new AuthRequiredError('The token has no id (jti).', 'BadJwtJti')
  return jti
}
