import { HandleResolver } from '@atproto/identity'
import type { GuardedFetch } from '../guarded-fetch.ts'

const timeoutMs = 3_000
/** A DID is short; whatever else a host answers is not read. */
const maxBytes = 2_048

/** Looks handles up by DNS, then HTTPS (atproto handle spec); undefined for one that leads nowhere. */
export function handleResolver(guardedFetch: GuardedFetch): (handle: string) => Promise<string | undefined> {
  const resolver = new HandleResolver({
    timeout: timeoutMs,
    fetch: async (input) => {
      const { bytes } = await guardedFetch.fetchBytes(String(input), { maxBytes, timeoutMs })
      return new Response(new TextDecoder().decode(bytes))
    },
  })
  return (handle) => resolver.resolve(handle)
}
