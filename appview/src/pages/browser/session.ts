/**
 * Signing in. The page itself is the OAuth client (atproto OAuth profile, public client). Tokens stay in this browser's
 * database, bound to a key that cannot be exported; the server that sent the page never sees them.
 */
import { BrowserOAuthClient, type OAuthSession } from '@atproto/oauth-client-browser'
import type { Settings } from './settings.ts'

export type { OAuthSession } from '@atproto/oauth-client-browser'

export const redirectPath = '/signed-in'

/** The OAuth scope: only what publishing needs. */
export function scopeOf(settings: Settings): string {
  const repos = Object.values(settings.collections).map((collection) => `repo:${collection}`)
  return ['atproto', ...repos, ...settings.blobs.map((type) => `blob:${type}`)].join(' ')
}

export async function createClient(settings: Settings): Promise<BrowserOAuthClient> {
  return BrowserOAuthClient.load({
    clientId: clientIdOf(settings),
    responseMode: 'fragment',
    allowHttp: settings.allowHttp,
    plcDirectoryUrl: settings.plcUrl,
    handleResolver: { resolve: (handle) => resolveHandle(handle) },
  })
}

/** The client id: the URL of this site's metadata; on localhost an id that contains the metadata (atproto OAuth, "localhost client"). */
function clientIdOf(settings: Settings): string {
  if (location.protocol === 'https:') return `${location.origin}/client-metadata.json`
  const query = new URLSearchParams({
    redirect_uri: `${location.origin}${redirectPath}`,
    scope: scopeOf(settings),
  })
  return `http://localhost?${query}`
}

/** Resolves a handle by asking the index, which can use DNS and HTTPS. */
async function resolveHandle(handle: string): Promise<`did:plc:${string}` | `did:web:${string}` | null> {
  const response = await fetch(`/resolve-handle?${new URLSearchParams({ handle })}`)
  if (!response.ok) return null
  const { did } = (await response.json()) as { did: string }
  return did.startsWith('did:plc:') || did.startsWith('did:web:') ? (did as `did:plc:${string}`) : null
}

const signedInKey = 'holdfast:signed-in'

/** Remembers whether the next page should reserve space for what is shown to a signed-in person. */
export function keepSignedIn(isSignedIn: boolean): void {
  try {
    if (isSignedIn) localStorage.setItem(signedInKey, 'yes')
    else localStorage.removeItem(signedInKey)
  } catch {
    // Ignore a failure: the content of the next page will only move a little.
  }
}

const returnKey = 'holdfast:return-to'

/** Goes to the account's own server, which asks for consent and then redirects to {@link redirectPath}. */
export async function signIn(client: BrowserOAuthClient, settings: Settings, input: string): Promise<void> {
  sessionStorage.setItem(returnKey, location.pathname + location.search)
  const url = await client.authorize(input.trim().replace(/^@/, ''), { scope: scopeOf(settings) })
  location.assign(url.href)
  await new Promise(() => {})
}

/** The path to return to after signing in; it is forgotten then. */
export function takeReturnPath(): string {
  const path = sessionStorage.getItem(returnKey) ?? '/my'
  sessionStorage.removeItem(returnKey)
  return path.startsWith('/') && !path.startsWith('//') ? path : '/my'
}

/** Restores the session of the account that signed in here before; undefined if there is none, or it has ended. */
export async function restore(client: BrowserOAuthClient): Promise<OAuthSession | undefined> {
  try {
    return (await client.initRestore())?.session
  } catch {
    // A revoked or expired session is not an error; the person signs in again.
    return undefined
  }
}
