import {
  buildAtprotoLoopbackClientMetadata,
  NodeOAuthClient,
  type NodeSavedState,
  type OAuthSession,
} from '@atproto/oauth-client-node'
import { type Authorities, writtenNsid } from '@holdfast/lexicons/authority'
import { collectionsFor, methods } from '@holdfast/lexicons/nsid'
import { CommandError } from '../command-error.ts'
import type { Config } from '../config.ts'
import type { AccountStore, StoredAccount } from './account-store.ts'
import { listenForRedirect } from './loopback-redirect.ts'
import type { SessionManager } from './session-manager.ts'

export interface OAuthParts {
  readonly config: Config
  readonly accounts: AccountStore
}

export interface OAuthSignIn {
  /** A handle, a DID or the address of a PDS. */
  readonly input: string
  /** Whether to ask for permission to write posts, too. */
  readonly announces?: boolean
  /** Whether to ask for permission to divide datasets and to claim parts, too. */
  readonly gathers?: boolean
  /** Shows the address where the owner of the account allows the sign-in. */
  readonly openBrowser: (url: string) => void
  readonly signal?: AbortSignal
}

/**
 * Signs in through the browser (atproto OAuth profile) as a public client on loopback, with PKCE, DPoP and only the
 * permissions that the commands use. The session's tokens are stored.
 */
export async function oauthSignIn(parts: OAuthParts, options: OAuthSignIn): Promise<OAuthSession> {
  await using redirect = await listenForRedirect()
  const { announces = false, gathers = false } = options
  const client = oauthClient(parts, { announces, gathers, redirectUrl: redirect.url })
  const url = await client.authorize(options.input, {
    redirect_uri: redirect.url,
    ...(options.signal && { signal: options.signal }),
  })
  options.openBrowser(url.href)
  const params = await redirect.received(options.signal)
  try {
    const { session } = await client.callback(params, { redirect_uri: redirect.url })
    return session
  } catch (cause) {
    throw new CommandError('auth', `The sign-in did not succeed: ${(cause as Error).message}`, { cause })
  }
}

/** Resumes a stored session; undefined if it is gone, revoked or expired. */
export async function resumeOAuthSession(
  parts: OAuthParts,
  account: StoredAccount,
): Promise<SessionManager | undefined> {
  if (!(await parts.accounts.oauthSessions.get(account.did))) return undefined
  return oauthClient(parts, account).restore(account.did)
}

/** Revokes the session's tokens at the server and removes the account here, even if the server does not answer. */
export async function endOAuthSession(parts: OAuthParts, account: StoredAccount): Promise<void> {
  try {
    await oauthClient(parts, account).revoke(account.did)
  } finally {
    await parts.accounts.oauthSessions.del(account.did)
    await parts.accounts.remove(account.did)
  }
}

/**
 * The OAuth scope that the commands need: our collections one by one, and the two kinds of blob that they upload; for
 * announcements also to create posts, but not to change or delete them; for gathering also parts, claims, and to be handed out
 * parts by any index.
 */
export function oauthScope(
  authorities: Authorities,
  { announces = false, gathers = false }: { announces?: boolean; gathers?: boolean } = {},
): string {
  const written = new Set([...collectionsFor.publish, ...(gathers ? collectionsFor.gather : [])])
  const repos = Array.from(written, (collection) => `repo:${writtenNsid(collection, authorities)}`)
  const calls = gathers
    ? [methods.leaseNextPart, methods.releaseLease].map(
        (method) => `rpc:${writtenNsid(method, authorities)}?aud=*`,
      )
    : []
  const posts = announces ? ['repo:app.bsky.feed.post?action=create'] : []
  return [
    'atproto',
    ...repos,
    ...calls,
    ...posts,
    'blob:application/x-bittorrent',
    'blob:text/markdown',
  ].join(' ')
}

// The client id names the redirect without a port: the port differs each time, and a session whose client id changes
// cannot be refreshed (RFC 8252, section 7.3: any port of a loopback redirect is the same redirect).
const registeredRedirect = 'http://127.0.0.1/callback'

function oauthClient(
  { config, accounts }: OAuthParts,
  {
    announces = false,
    gathers = false,
    redirectUrl,
  }: { announces?: boolean; gathers?: boolean; redirectUrl?: `http://127.0.0.1:${string}` | undefined },
): NodeOAuthClient {
  const metadata = buildAtprotoLoopbackClientMetadata({
    // A session belongs to the client id with which it was made, which contains the scope.
    scope: oauthScope(config.authorities, { announces, gathers }),
    redirect_uris: [registeredRedirect],
  })
  // One process starts and finishes a sign-in, so its state is kept in memory.
  const states = new Map<string, NodeSavedState>()
  return new NodeOAuthClient({
    clientMetadata: redirectUrl ? { ...metadata, redirect_uris: [redirectUrl] } : metadata,
    stateStore: {
      get: async (key) => states.get(key),
      set: async (key, state) => void states.set(key, state),
      del: async (key) => void states.delete(key),
    },
    sessionStore: accounts.oauthSessions,
    requestLock: (name, work) => accounts.locked(name, async () => work()),
    allowHttp: config.allowPrivateHosts,
    plcDirectoryUrl: config.plcUrl,
  })
}
