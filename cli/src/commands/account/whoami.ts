import { Command } from 'commander'
import type { Connections } from '../../connections.ts'
import { print, printJson } from '../../output/terminal.ts'

/** `holdfast whoami`: shows the account that commands write to. */
export function whoamiCommand(connections: Connections): Command {
  return new Command('whoami')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--json', 'print JSON')
    .action(async (options: { account?: string; json?: boolean }) => {
      const { did, handle, pdsUrl, method } = await connections.signIn(options.account)
      const { accounts } = await (await connections.accounts()).list()
      if (options.json) {
        printJson({ did, handle, pdsUrl, method, accounts })
        return
      }
      print(`${handle} (${did}) at ${pdsUrl}, by ${method === 'oauth' ? 'OAuth' : 'app password'}`)
      const others = accounts.filter((account) => account.did !== did).map((account) => account.handle)
      if (others.length > 0) print(`Also signed in: ${others.join(', ')} (use --account)`)
    })
}
