import { checkUnicastPolicy, unicastLookup } from '@atproto-labs/fetch-node'
import type { HostGuard } from '../remote/transport/connection.ts'
import { refusedAddress } from './refused-address.ts'

/** The rule of `strangerFetch`, for who reads from a socket. */
export const strangerHosts: HostGuard = {
  lookup: unicastLookup,
  assert(url) {
    if (checkUnicastPolicy(url) !== undefined) throw refusedAddress(url.origin)
  },
}
