import { safeFetchWrap } from '@atproto-labs/fetch-node'
import { isRefusedAddress, refusedAddress } from './refused-address.ts'

export interface StrangerFetchOptions {
  /** For development only: whether addresses inside this network are allowed. */
  readonly allowPrivateHosts: boolean
  readonly timeoutMs: number
  readonly maxBytes: number
}

/**
 * A `fetch` for addresses that somebody else's record names: it never contacts this network, takes at most `timeoutMs`,
 * and reads at most `maxBytes`.
 */
export function strangerFetch({
  allowPrivateHosts,
  timeoutMs,
  maxBytes,
}: StrangerFetchOptions): typeof fetch {
  const wrapped = safeFetchWrap({
    ssrfProtection: !allowPrivateHosts,
    allowHttp: true,
    allowCustomPort: true,
    allowIpHost: true,
    allowPrivateIps: allowPrivateHosts,
    forbiddenDomainNames: [],
    allowImplicitRedirect: true,
    timeout: timeoutMs,
    responseMaxSize: maxBytes,
  })
  return (input, init) =>
    wrapped(input as Request, init).catch((error: unknown) => {
      throw isRefusedAddress(error) ? refusedAddress(addressOf(input)) : error
    })
}

function addressOf(input: Parameters<typeof fetch>[0]): string {
  return new URL(input instanceof Request ? input.url : input).origin
}
