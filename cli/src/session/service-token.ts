import { CommandError } from '../command-error.ts'
import type { SessionManager } from './session-manager.ts'

/** Asks the account's PDS for a token that proves to one server, for one method and a minute, who calls. */
export async function requestServiceToken(
  session: SessionManager,
  { audience, method, handle }: { audience: string; method: string; handle: string },
): Promise<string> {
  const query = new URLSearchParams({
    aud: audience,
    lxm: method,
    exp: String(Math.floor(Date.now() / 1000) + 60),
  })
  const answer = await session.fetchHandler(`/xrpc/com.atproto.server.getServiceAuth?${query}`, {
    method: 'GET',
  })
  const body = (await answer.json().catch(() => ({}))) as {
    token?: unknown
    error?: unknown
    message?: unknown
  }
  if (answer.ok && typeof body.token === 'string') return body.token
  const says = [body.error, body.message].filter((part) => typeof part === 'string').join(': ')
  throw new CommandError(
    'auth',
    `The server of ${handle} does not let holdfast call ${method} for it (${says || answer.status}). Run \`holdfast login ${handle} --for gather\` to allow it.`,
  )
}
