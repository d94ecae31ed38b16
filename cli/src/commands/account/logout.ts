import { Command } from 'commander'
import type { Connections } from '../../connections.ts'
import { print, printJson, warn } from '../../output/terminal.ts'
import type { StoredAccount } from '../../session/account-store.ts'
import { endOAuthSession } from '../../session/oauth-session.ts'
import { endPasswordSession } from '../../session/password-session.ts'

interface Options {
  account?: string
  all?: boolean
  json?: boolean
}

/** `holdfast logout`: revokes the session at the server and forgets it here. */
export function logoutCommand(connections: Connections): Command {
  return new Command('logout')
    .description('end the session at the server and forget the account here')
    .option('--account <handle>', 'which one (default: the one used by default)')
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
            : 'Nobody was signed in.',
        )
    })
}

async function leave(connections: Connections, account: StoredAccount): Promise<void> {
  const [config, accounts] = [connections.config, await connections.accounts()]
  try {
    if (account.method === 'oauth') await endOAuthSession({ config, accounts }, account)
    else await endPasswordSession(accounts, account)
  } catch (error) {
    warn(
      `${account.handle} is forgotten here, but ${account.pdsUrl} did not confirm that the session ended (${(error as Error).message}).`,
    )
  }
}
