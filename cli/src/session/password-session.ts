import { AtpAgent, CredentialSession } from '@atproto/api'
import type { Credentials } from '../config.ts'
import type { AccountStore, StoredAccount } from './account-store.ts'
import { type OnWait, pacedSession } from './paced-session.ts'

/** A PDS counts sign-ins by five minutes and by the day; the day is not waited for. */
const longestWaitMs = 6 * 60_000

/**
 * Signs in with a handle (or DID) and an app password; keeps nothing on disk. Waits where the PDS has had too many
 * sign-ins, as a script that calls often may meet.
 */
export async function passwordSignIn(
  pdsUrl: string,
  credentials: Credentials,
  onWait?: OnWait,
): Promise<CredentialSession> {
  const paced = pacedSession(
    { fetchHandler: (url, init) => fetch(url, init) },
    { maxWaitMs: longestWaitMs, ...(onWait && { onWait }) },
  )
  const session = new CredentialSession(new URL(pdsUrl), (input, init) =>
    input instanceof Request ? fetch(input, init) : paced.fetchHandler(String(input), init ?? {}),
  )
  await session.login({ identifier: credentials.identifier, password: credentials.appPassword })
  return session
}

/** Keeps a session that `passwordSignIn` made. */
export async function storePasswordSession(
  store: AccountStore,
  account: StoredAccount,
  session: CredentialSession,
): Promise<void> {
  const { accessJwt, refreshJwt } = session.session!
  await store.passwordTokens.set(account.did, { accessJwt, refreshJwt })
  await store.save(account)
}

/** Goes on with a stored session; undefined if its tokens are gone. */
export async function resumePasswordSession(
  store: AccountStore,
  account: StoredAccount,
): Promise<CredentialSession | undefined> {
  const tokens = await store.passwordTokens.get(account.did)
  return tokens && new SharedPasswordSession(store, account, tokens)
}

/** Ends the session at the PDS and forgets it here. */
export async function endPasswordSession(store: AccountStore, account: StoredAccount): Promise<void> {
  const tokens = await store.passwordTokens.get(account.did)
  await store.passwordTokens.del(account.did)
  await store.remove(account.did)
  if (!tokens) return
  const agent = new AtpAgent({ service: account.pdsUrl })
  await agent.com.atproto.server.deleteSession(undefined, {
    headers: { authorization: `Bearer ${tokens.refreshJwt}` },
  })
}

/**
 * A session whose tokens several processes share. A refresh token works once, so a refresh happens under a lock, and
 * whoever comes second takes over what the first one stored.
 */
class SharedPasswordSession extends CredentialSession {
  readonly #store: AccountStore

  constructor(
    store: AccountStore,
    account: StoredAccount,
    tokens: { accessJwt: string; refreshJwt: string },
  ) {
    super(new URL(account.pdsUrl))
    this.#store = store
    this.session = { ...tokens, did: account.did, handle: account.handle, active: true }
  }

  override async refreshSession() {
    const before = this.session
    if (!before) return super.refreshSession()
    return this.#store.locked(before.did, async () => {
      const stored = await this.#store.passwordTokens.get(before.did)
      if (stored && stored.refreshJwt !== before.refreshJwt) {
        this.session = { ...before, ...stored }
        // The caller looks at the session only; there is no answer of the server to hand on.
        return undefined as never
      }
      const answer = await super.refreshSession()
      const { accessJwt, refreshJwt } = this.session!
      await this.#store.passwordTokens.set(before.did, { accessJwt, refreshJwt })
      return answer
    })
  }
}
