import { safeFetchWrap } from '@atproto-labs/fetch-node'

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

/** The messages with which `fetch-node` refuses an address. It has no class for these errors. */
const refusals =
  /^Blocked by url policy|^Hostname (?:is a non-unicast address|is not a public domain|resolved to non-unicast address)/

function isRefusedAddress(error: unknown): boolean {
  for (let found = error; found instanceof Error; found = found.cause)
    if (refusals.test(found.message)) return true
  return false
}

/** Has the shape of any failure of `fetch`, whose cause says the reason. */
function refusedAddress(address: string): TypeError {
  const cause = new Error(
    `${address} is or leads to an address in a private network, which records of others may not make this computer ask. If you trust it, set HOLDFAST_ALLOW_PRIVATE_HOSTS=on, or download the file yourself and name its path`,
  )
  return new TypeError('fetch failed', { cause })
}

function addressOf(input: Parameters<typeof fetch>[0]): string {
  return new URL(input instanceof Request ? input.url : input).origin
}
