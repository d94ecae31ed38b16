/**
 * Signing in: this page is the OAuth client itself (atproto OAuth profile, public client). Tokens stay in this browser's
 * own database, bound to a key that cannot be taken out; the server that sent the page never sees them.
 */
import { BrowserOAuthClient, type OAuthSession } from '@atproto/oauth-client-browser'
import type { Settings } from './settings.ts'

export type { OAuthSession } from '@atproto/oauth-client-browser'

export const redirectPath = '/signed-in'

/** What publishing needs and no more. */
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

/** An https site names its own metadata; on this machine the id says all (atproto OAuth, "localhost client"). */
function clientIdOf(settings: Settings): string {
  if (location.protocol === 'https:') return `${location.origin}/client-metadata.json`
  const query = new URLSearchParams({
    redirect_uri: `${location.origin}${redirectPath}`,
    scope: scopeOf(settings),
  })
  return `http://localhost?${query}`
}

/** The index looks handles up by DNS and HTTPS, which a page cannot. */
async function resolveHandle(handle: string): Promise<`did:plc:${string}` | `did:web:${string}` | null> {
  const response = await fetch(`/resolve-handle?${new URLSearchParams({ handle })}`)
  if (!response.ok) return null
  const { did } = (await response.json()) as { did: string }
  return did.startsWith('did:plc:') || did.startsWith('did:web:') ? (did as `did:plc:${string}`) : null
}

const signedInKey = 'holdfast:signed-in'

/** Tells the next page whether to keep room for what signing in shows. */
export function keepSignedIn(isSignedIn: boolean): void {
  try {
    if (isSignedIn) localStorage.setItem(signedInKey, 'yes')
    else localStorage.removeItem(signedInKey)
  } catch {
    // Then the next page moves a little.
  }
}

const returnKey = 'holdfast:return-to'

/** Leaves for the account's own server, which asks for consent and sends back to {@link redirectPath}. */
export async function signIn(client: BrowserOAuthClient, settings: Settings, input: string): Promise<void> {
  sessionStorage.setItem(returnKey, location.pathname + location.search)
  const url = await client.authorize(input.trim().replace(/^@/, ''), { scope: scopeOf(settings) })
  location.assign(url.href)
  await new Promise(() => {})
}

/** Where to go on after signing in. */
export function takeReturnPath(): string {
  const path = sessionStorage.getItem(returnKey) ?? '/my'
  sessionStorage.removeItem(returnKey)
  return path.startsWith('/') && !path.startsWith('//') ? path : '/my'
}

/** The session of whoever signed in here before; undefined where nobody did, or it ended. */
export async function restore(client: BrowserOAuthClient): Promise<OAuthSession | undefined> {
  try {
    return (await client.initRestore())?.session
  } catch {
    // A session that was revoked or expired is no error: one signs in again.
    return undefined
  }
}
