import type { DidString } from '@atproto/lex-schema'
import type { AppView, Caller } from './appview.ts'
import { type Config, httpUrl } from './config.ts'
import { formatSeconds } from './output/quantities.ts'
import { note, warn } from './output/terminal.ts'
import type { PublishedPaths } from './publish/published-paths.ts'
import type { PublishedStates } from './publish/published-states.ts'
import type { Repo } from './records/repo.ts'
import type { AccountStore } from './session/account-store.ts'
import type { Identities } from './session/identities.ts'
import type { OnWait } from './session/paced-session.ts'

/** An account that commands write to, and its repo. */
export interface SignedIn extends Caller {
  readonly did: string
  readonly handle: string
  readonly pdsUrl: string
  readonly method: 'oauth' | 'app-password'
  /** Whether an OAuth session may also write posts. */
  readonly announces?: boolean
  /** Whether an OAuth session may also divide datasets and claim parts. */
  readonly gathers?: boolean
  readonly repo: Repo
}

/** Somebody else's repo, for reading. */
export interface PublicRepo {
  readonly repo: Repo
  readonly handle: string | undefined
  readonly pdsUrl: string
  getBlob(cid: string): Promise<Uint8Array>
}

/** The servers that a command may talk to: the AppView, the account's PDS, other people's PDSes. */
export interface Connections {
  readonly config: Config
  accounts(): Promise<AccountStore>
  published(): Promise<PublishedPaths>
  states(): Promise<PublishedStates>
  identities(): Promise<Identities>
  /** A `fetch` for addresses that somebody else's record names. */
  strangerFetch(limits: { timeoutMs: number; maxBytes: number }): Promise<typeof fetch>
  appView(url?: string): Promise<AppView>
  /** The signal ends waiting for the server's rate limit; the request then fails with the reason of the signal. */
  signIn(account: string | undefined, onWait?: OnWait, signal?: AbortSignal): Promise<SignedIn>
  readRepo(identifier: string): Promise<PublicRepo>
}

/**
 * Puts the parts together. Nothing is reached, and no client is even loaded, before a command asks: making a torrent
 * should not wait for what signs people in.
 */
export function connect(config: Config): Connections {
  const connections: Connections = {
    config,
    async accounts() {
      return (await import('./session/account-store.ts')).accountStore(config.configDirectory)
    },
    async published() {
      return (await import('./publish/published-paths.ts')).publishedPaths(config.configDirectory)
    },
    async states() {
      return (await import('./publish/published-states.ts')).publishedStates(config.configDirectory)
    },
    async identities() {
      return (await import('./session/identities.ts')).identities(config)
    },
    async strangerFetch(limits) {
      const { strangerFetch } = await import('./session/stranger-fetch.ts')
      return strangerFetch({ ...limits, allowPrivateHosts: config.allowPrivateHosts })
    },
    async appView(url) {
      const { appView } = await import('./appview.ts')
      return appView(url ? httpUrl('--appview', url) : config.appviewUrl, config.authorities)
    },
    async signIn(account, onWait = noteWait, signal) {
      const [{ signedInSession }, { pacedSession }, { repoOf }] = await Promise.all([
        import('./session/sign-in.ts'),
        import('./session/paced-session.ts'),
        import('./records/repo.ts'),
      ])
      const { requestServiceToken } = await import('./session/service-token.ts')
      const { manager, ...who } = await signedInSession(connections, account, onWait)
      const paced = pacedSession(manager, { onWait, ...(signal && { signal }) })
      const serviceToken = (audience: string, method: string) =>
        requestServiceToken(paced, { audience, method, handle: who.handle })
      return { ...who, repo: repoOf(paced, who.did, config.authorities), serviceToken }
    },
    async readRepo(identifier) {
      const { clientOf, repoOf } = await import('./records/repo.ts')
      const { did, handle, pdsUrl } = await (await connections.identities()).resolve(identifier)
      const fetch = await connections.strangerFetch({ timeoutMs: 120_000, maxBytes: 128 * 2 ** 20 })
      const session = {
        fetchHandler: (path: string, init: RequestInit) => fetch(new URL(path, pdsUrl), init),
      }
      return {
        repo: repoOf(session, did, config.authorities),
        handle,
        pdsUrl,
        getBlob: async (cid) => (await clientOf(session).getBlob(did as DidString, cid)).body,
      }
    },
  }
  return connections
}

/**
 * A short wait is shown only on the terminal. A long one is also written to a log, where the program would otherwise
 * seem to hang.
 */
const noteWait: OnWait = (waitMs, reason) => {
  const why = reason === 'budget-spent' ? 'the PDS’s rate limit is used up' : 'the PDS says too many requests'
  const tell = waitMs > 30_000 ? warn : note
  tell(`Waiting ${formatSeconds(waitMs / 1000)}: ${why}.`)
}
