import { extractPdsEndpoint, PasswordSession, type SessionData } from '@atproto/lex-password-session'
import type { Credentials } from '../config.ts'
import type { AccountStore, PasswordTokens, StoredAccount } from './account-store.ts'
import { type OnWait, pacedSession } from './paced-session.ts'

/** A PDS limits sign-ins per five minutes and per day; this waits for the five minutes only. */
const longestWaitMs = 6 * 60_000

/**
 * Signs in with a handle (or DID) and an app password, and stores nothing on disk. Waits if the PDS has had too many
 * sign-ins, which a script that runs often may cause.
 */
export async function passwordSignIn(
  pdsUrl: string,
  { identifier, appPassword }: Credentials,
  onWait?: OnWait,
): Promise<PasswordSession> {
  const paced = pacedSession(
    { fetchHandler: (url, init) => fetch(url, init) },
    { maxWaitMs: longestWaitMs, ...(onWait && { onWait }) },
  )
  return PasswordSession.login({
    service: pdsUrl,
    identifier,
    password: appPassword,
    fetch: (input, init) =>
      input instanceof Request ? fetch(input, init) : paced.fetchHandler(String(input), init ?? {}),
  })
}

/** The account that signed in, at the server that its DID document names. */
export function accountOf({ session }: PasswordSession): StoredAccount {
  const pdsUrl = extractPdsEndpoint(session.didDoc) ?? session.service
  return {
    did: session.did,
    handle: session.handle,
    pdsUrl: pdsUrl.replace(/\/+$/, ''),
    method: 'app-password',
  }
}

/** Stores a session that `passwordSignIn` made. */
export async function storePasswordSession(
  store: AccountStore,
  account: StoredAccount,
  { session: { accessJwt, refreshJwt } }: PasswordSession,
): Promise<void> {
  await store.passwordTokens.set(account.did, { accessJwt, refreshJwt })
  await store.save(account)
}

/** Resumes a stored session; undefined if its tokens are gone. */
export async function resumePasswordSession(
  store: AccountStore,
  account: StoredAccount,
): Promise<PasswordSession | undefined> {
  const tokens = await store.passwordTokens.get(account.did)
  if (!tokens) return undefined
  const fetch = refreshingInTurn(store, account)
  return new PasswordSession(sessionData(account, tokens), { fetch })
}

/** Ends the session at the PDS and removes the account here. */
export async function endPasswordSession(store: AccountStore, account: StoredAccount): Promise<void> {
  const tokens = await store.passwordTokens.get(account.did)
  await store.passwordTokens.del(account.did)
  await store.remove(account.did)
  if (tokens) await PasswordSession.delete(sessionData(account, tokens))
}

function sessionData({ did, handle, pdsUrl }: StoredAccount, tokens: PasswordTokens): SessionData {
  return { ...tokens, did, handle, active: true, service: pdsUrl } as SessionData
}

/**
 * A `fetch` for a session whose tokens several processes share. A refresh token works only once, so a refresh holds a
 * lock, and a process that comes second gets the tokens that the first one stored.
 */
function refreshingInTurn(store: AccountStore, account: StoredAccount): typeof fetch {
  return async (input, init) => {
    if (!String(input).endsWith('/xrpc/com.atproto.server.refreshSession')) return fetch(input, init)
    const { did } = account
    return store.locked(did, async () => {
      const stored = await store.passwordTokens.get(did)
      const shown = new Headers(init?.headers).get('authorization')
      if (stored && shown !== `Bearer ${stored.refreshJwt}`)
        return Response.json({ ...sessionData(account, stored), emailConfirmed: false, didDoc: {} })
      const answer = await fetch(input, init)
      if (answer.ok) {
        const { accessJwt, refreshJwt } = (await answer.clone().json()) as PasswordTokens
        await store.passwordTokens.set(did, { accessJwt, refreshJwt })
      }
      return answer
    })
  }
}
