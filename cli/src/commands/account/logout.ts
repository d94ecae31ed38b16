import { Command } from 'commander'
import type { Connections } from '../../connections.ts'
import { print, printJson, warn } from '../../output/terminal.ts'
import type { StoredAccount } from '../../session/account-store.ts'

interface Options {
  account?: string
  all?: boolean
  json?: boolean
}

/** `holdfast logout`: revokes the session at the server and removes the account from this machine. */
export function logoutCommand(connections: Connections): Command {
  return new Command('logout')
    .option('--account <handle>', 'the account to sign out of (default: the one that commands write to)')
    .option('--all', 'every account')
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const accounts = await connections.accounts()
      const leaving = options.all ? (await accounts.list()).accounts : [await accounts.find(options.account)]
      for (const account of leaving) await leave(connections, account)
      if (options.json) printJson({ signedOut: leaving.map(({ did, handle }) => ({ did, handle })) })
      else
        print(
          leaving.length
            ? `Signed out: ${leaving.map(({ handle }) => handle).join(', ')}.`
            : 'No account was signed in.',
        )
    })
}

async function leave(connections: Connections, account: StoredAccount): Promise<void> {
  const [config, accounts] = [connections.config, await connections.accounts()]
  try {
    if (account.method === 'oauth') {
      const { endOAuthSession } = await import('../../session/oauth-session.ts')
      await endOAuthSession({ config, accounts }, account)
    } else {
      const { endPasswordSession } = await import('../../session/password-session.ts')
      await endPasswordSession(accounts, account)
    }
  } catch (error) {
    warn(
      `${account.handle} was removed from this machine, but ${account.pdsUrl} did not confirm that the session ended (${(error as Error).message}).`,
    )
  }
}
