import { join } from 'node:path'
import type { NodeSavedSession } from '@atproto/oauth-client-node'
import envPaths from 'env-paths'
import { CommandError } from '../command-error.ts'
import { withFileLock } from './file-lock.ts'
import { readJsonFile, removeFile, writePrivateJson } from './private-files.ts'

/** An account that this user has signed in to, without secrets. */
export interface StoredAccount {
  readonly did: string
  readonly handle: string
  readonly pdsUrl: string
  readonly method: 'oauth' | 'app-password'
  /** Whether its OAuth session may also write posts, as `login --announce` asks for. */
  readonly announces?: boolean
  /** Whether its OAuth session may also divide datasets and claim parts, as `login --for gather` asks for. */
  readonly gathers?: boolean
}

export interface PasswordTokens {
  readonly accessJwt: string
  readonly refreshJwt: string
}

/** Stores accounts, with the secrets of each in a file of its own with mode 0600. */
export interface AccountStore {
  list(): Promise<{ accounts: readonly StoredAccount[]; default: string | undefined }>
  /** Finds an account by handle or DID, or the default account; throws a CommandError that says how to sign in. */
  find(identifier: string | undefined): Promise<StoredAccount>
  save(account: StoredAccount): Promise<void>
  remove(did: string): Promise<void>
  readonly passwordTokens: SecretFiles<PasswordTokens>
  readonly oauthSessions: SecretFiles<NodeSavedSession>
  /** Runs `work` while no other process runs work for this name, such as a token refresh. */
  locked<T>(name: string, work: () => Promise<T>): Promise<T>
}

export interface SecretFiles<T> {
  get(did: string): Promise<T | undefined>
  set(did: string, value: T): Promise<void>
  del(did: string): Promise<void>
}

interface Index {
  readonly default?: string | undefined
  readonly accounts: readonly StoredAccount[]
}

/** The store in the system's conventional place, such as `~/.config/holdfast`, or in `directory`. */
export function accountStore(directory: string = envPaths('holdfast', { suffix: '' }).config): AccountStore {
  const indexPath = join(directory, 'accounts.json')
  const readIndex = async (): Promise<Index> => (await readJsonFile<Index>(indexPath)) ?? { accounts: [] }
  const changeIndex = (change: (index: Index) => Index) =>
    withFileLock(indexPath, async () => writePrivateJson(indexPath, change(await readIndex())))
  const secrets = <T>(kind: string): SecretFiles<T> => {
    const path = (did: string) => join(directory, 'sessions', `${fileNameOf(did)}.${kind}.json`)
    return {
      get: (did) => readJsonFile<T>(path(did)),
      set: (did, value) => writePrivateJson(path(did), value),
      del: (did) => removeFile(path(did)),
    }
  }
  return {
    async list() {
      const index = await readIndex()
      return { accounts: index.accounts, default: index.default }
    },
    async find(identifier) {
      return chooseAccount(await readIndex(), identifier)
    },
    save: (account) =>
      changeIndex(({ accounts }) => ({
        default: account.did,
        accounts: [...accounts.filter(({ did }) => did !== account.did), account],
      })),
    remove: (did) =>
      changeIndex((index) => {
        const accounts = index.accounts.filter((account) => account.did !== did)
        return { default: index.default === did ? accounts.at(-1)?.did : index.default, accounts }
      }),
    passwordTokens: secrets<PasswordTokens>('app-password'),
    oauthSessions: secrets<NodeSavedSession>('oauth'),
    locked: (name, work) => withFileLock(join(directory, 'sessions', fileNameOf(name)), work),
  }
}

function chooseAccount(index: Index, identifier: string | undefined): StoredAccount {
  const wanted = identifier?.replace(/^@/, '') ?? index.default
  if (wanted === undefined) {
    throw new CommandError(
      'auth',
      'No account is signed in. Run `holdfast login HANDLE`; scripts set HOLDFAST_IDENTIFIER and HOLDFAST_APP_PASSWORD.',
    )
  }
  const found = index.accounts.find(({ did, handle }) => did === wanted || handle === wanted.toLowerCase())
  if (found) return found
  const known = index.accounts.map(({ handle }) => handle).join(', ') || 'none'
  throw new CommandError(
    'auth',
    `${wanted} is not signed in (signed in: ${known}). Run \`holdfast login ${wanted}\`.`,
  )
}

/** Some file systems allow no colons in names. */
function fileNameOf(name: string): string {
  return name.replace(/[^a-zA-Z0-9.-]/g, '_')
}
