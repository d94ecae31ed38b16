import type { Config, Credentials } from '../config.ts'
import { Failure } from '../failure.ts'
import { failureOf } from '../records/xrpc-failure.ts'
import type { AccountStore, StoredAccount } from './account-store.ts'
import type { Identities } from './identities.ts'
import { resumeOAuthSession } from './oauth-session.ts'
import { passwordSignIn, resumePasswordSession } from './password-session.ts'
import type { SessionManager } from './session-manager.ts'

export interface SignedInSession {
  readonly did: string
  readonly handle: string
  readonly pdsUrl: string
  readonly method: StoredAccount['method']
  readonly manager: SessionManager
}

export interface SignInParts {
  readonly config: Config
  readonly accounts: AccountStore
  readonly identities: Identities
  /** `--account`: a stored account, also where the environment names another. */
  readonly account: string | undefined
}

/**
 * The session a command works with: `--account` first, then the environment's credentials, then the account that was
 * signed in to last. Throws a Failure of kind `auth` that says what to do.
 */
export async function signedInSession(parts: SignInParts): Promise<SignedInSession> {
  const { identifier, appPassword } = parts.config
  if (parts.account === undefined && identifier && appPassword)
    return withCredentials(parts, { identifier, appPassword })
  const account = await parts.accounts.find(parts.account ?? identifier)
  const manager =
    account.method === 'oauth'
      ? await resumeOAuthSession(parts, account)
      : await resumePasswordSession(parts.accounts, account)
  if (manager) return { ...account, manager }
  throw new Failure(
    'auth',
    `The session of ${account.handle} has ended. Run \`holdfast login ${account.handle}\`.`,
  )
}

async function withCredentials(
  { config, identities }: SignInParts,
  credentials: Credentials,
): Promise<SignedInSession> {
  const pdsUrl = config.pdsUrl ?? (await identities.resolve(credentials.identifier)).pdsUrl
  try {
    const session = await passwordSignIn(pdsUrl, credentials)
    return {
      did: session.did!,
      handle: session.session!.handle,
      pdsUrl: (session.pdsUrl?.href ?? pdsUrl).replace(/\/+$/, ''),
      method: 'app-password',
      manager: session,
    }
  } catch (error) {
    throw failureOf(error, `Signing in as ${credentials.identifier} at ${pdsUrl}`)
  }
}
