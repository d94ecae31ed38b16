import { CommandError } from '../command-error.ts'
import type { Config, Credentials } from '../config.ts'
import { failureOf } from '../records/xrpc-failure.ts'
import type { AccountStore, StoredAccount } from './account-store.ts'
import type { Identities } from './identities.ts'
import type { OnWait } from './paced-session.ts'
import type { SessionManager } from './session-manager.ts'

export interface SignedInSession {
  readonly did: string
  readonly handle: string
  readonly pdsUrl: string
  readonly method: StoredAccount['method']
  readonly announces?: boolean
  readonly gathers?: boolean
  readonly manager: SessionManager
}

export interface SignInParts {
  readonly config: Config
  accounts(): Promise<AccountStore>
  identities(): Promise<Identities>
}

/**
 * The session that a command works with: that of `--account` first, then of the credentials in the environment, then of
 * the account that was signed in to last. Throws a CommandError of kind `auth` that says what to do.
 */
export async function signedInSession(
  parts: SignInParts,
  account: string | undefined,
  onWait?: OnWait,
): Promise<SignedInSession> {
  const { identifier, appPassword } = parts.config
  if (account === undefined && identifier && appPassword)
    return withCredentials(parts, { identifier, appPassword }, onWait)
  const accounts = await parts.accounts()
  const stored = await accounts.find(account ?? identifier)
  const manager = await resume(parts, accounts, stored)
  if (manager) return { ...stored, manager }
  throw new CommandError(
    'auth',
    `The session of ${stored.handle} has ended. Run \`holdfast login ${stored.handle}\`.`,
  )
}

async function resume(
  { config }: SignInParts,
  accounts: AccountStore,
  account: StoredAccount,
): Promise<SessionManager | undefined> {
  if (account.method === 'app-password') {
    const { resumePasswordSession } = await import('./password-session.ts')
    return resumePasswordSession(accounts, account)
  }
  const { resumeOAuthSession } = await import('./oauth-session.ts')
  return resumeOAuthSession({ config, accounts }, account).catch((error) => {
    throw failureOf(error, `Resuming the session of ${account.handle}`)
  })
}

async function withCredentials(
  parts: SignInParts,
  credentials: Credentials,
  onWait: OnWait | undefined,
): Promise<SignedInSession> {
  const given = parts.config.pdsUrl
  const pdsUrl = given ?? (await (await parts.identities()).resolve(credentials.identifier)).pdsUrl
  const { accountOf, passwordSignIn } = await import('./password-session.ts')
  try {
    const session = await passwordSignIn(pdsUrl, credentials, onWait)
    return { ...accountOf(session), manager: session }
  } catch (error) {
    throw failureOf(error, `Signing in as ${credentials.identifier} at ${pdsUrl}`)
  }
}
