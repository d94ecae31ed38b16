import { Agent, AtpAgent } from '@atproto/api'
import { type AppView, appView } from './appview.ts'
import { type Config, httpUrl } from './config.ts'
import { formatSeconds } from './output/quantities.ts'
import { note } from './output/terminal.ts'
import { type Repo, repoOf } from './records/repo.ts'
import { type AccountStore, accountStore } from './session/account-store.ts'
import { type Identities, identities, isLoopback } from './session/identities.ts'
import { type OnWait, pacedSession } from './session/paced-session.ts'
import { signedInSession } from './session/sign-in.ts'
import { strangerFetch } from './session/stranger-fetch.ts'

/** An account that may write, and its repo. */
export interface SignedIn {
  readonly did: string
  readonly handle: string
  readonly pdsUrl: string
  readonly method: 'oauth' | 'app-password'
  readonly repo: Repo
}

/** Whom a command may talk to: the AppView, the account's PDS, other people's PDSes. */
export interface Connections {
  readonly config: Config
  readonly accounts: AccountStore
  readonly identities: Identities
  /** For addresses that somebody else's record names. */
  strangerFetch(limits: { timeoutMs: number; maxBytes: number }): typeof fetch
  appView(url?: string): AppView
  signIn(account: string | undefined, onWait?: OnWait): Promise<SignedIn>
  /** Somebody's repo, to read. */
  readRepo(identifier: string): Promise<PublicRepo>
}

export interface PublicRepo {
  readonly repo: Repo
  readonly handle: string | undefined
  readonly pdsUrl: string
  getBlob(cid: string): Promise<Uint8Array>
}

/** Puts the parts together; nothing is reached before a command asks. */
export function connect(config: Config): Connections {
  const accounts = accountStore()
  const people = identities(config)
  const allowPrivateHosts = config.allowPrivateHosts || isLoopback(config.plcUrl)
  const outward = (limits: { timeoutMs: number; maxBytes: number }) =>
    strangerFetch({ ...limits, allowPrivateHosts })
  return {
    config,
    accounts,
    identities: people,
    strangerFetch: outward,
    appView: (url) => appView(url ? httpUrl('--appview', url) : config.appviewUrl, config.authorities),
    async signIn(account, onWait = noteWait) {
      const { manager, ...who } = await signedInSession({ config, accounts, identities: people, account })
      const agent = new Agent(pacedSession(manager, { onWait }))
      return { ...who, repo: repoOf(agent, who.did, config.authorities) }
    },
    async readRepo(identifier) {
      const { did, handle, pdsUrl } = await people.resolve(identifier)
      const fetch = outward({ timeoutMs: 120_000, maxBytes: 128 * 2 ** 20 })
      const agent = new AtpAgent({ service: pdsUrl, fetch })
      return {
        repo: repoOf(agent, did, config.authorities),
        handle,
        pdsUrl,
        getBlob: async (cid) => (await agent.com.atproto.sync.getBlob({ did, cid })).data,
      }
    },
  }
}

const noteWait: OnWait = (waitMs, reason) => {
  const why = reason === 'budget-spent' ? 'the PDS’s budget is spent' : 'the PDS says too many requests'
  note(`Waiting ${formatSeconds(waitMs / 1000)}: ${why}.`)
}
