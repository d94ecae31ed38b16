import { getRecordStatus } from '@holdfast/lexicons'
import { Command } from 'commander'
import { answerJson } from '../../appview.ts'
import type { Connections } from '../../connections.ts'
import { plain, print, printJson } from '../../output/terminal.ts'

/** `holdfast status`: shows the status of a record at the AppView. */
export function statusCommand(connections: Connections): Command {
  return new Command('status')
    .argument('<at-uri>', 'the record')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ holdfast status at://did:plc:…/…/water-levels')
    .action(async (uri: string, options: { appview?: string; json?: boolean }) => {
      const appview = await connections.appView(options.appview)
      const answer = await appview.query(getRecordStatus, { uri })
      if (options.json) {
        printJson(answerJson(answer))
        return
      }
      print(
        [answer.status, answer.reason, answer.message]
          .filter(Boolean)
          .map((part) => plain(String(part)))
          .join(': '),
      )
      for (const { code, message, field } of answer.warnings)
        print(`warning: ${plain([field, message ?? code].filter(Boolean).join(': '))}`)
    })
}
