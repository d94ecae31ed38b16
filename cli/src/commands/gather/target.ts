import { edtfBounds } from '@holdfast/lexicons/edtf'
import { Command } from 'commander'
import { CommandError } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { isAddress } from '../../is-address.ts'
import { print, printJson } from '../../output/terminal.ts'
import { putDataset } from '../../publish/put-dataset.ts'

interface Options {
  title?: string
  gone?: string
  reason?: string
  account?: string
  json?: boolean
}

/** `holdfast target …`. */
export function targetCommand(connections: Connections): Command {
  return new Command('target').addCommand(targetAddCommand(connections))
}

/** `holdfast target add`: describes data that must be saved, before anybody has a copy. */
function targetAddCommand(connections: Connections): Command {
  return new Command('add')
    .description('describe a site or directory that must be saved, in one line')
    .argument('<url>', 'where the data is')
    .option('--title <text>', 'what it is called (default: its host and path)')
    .option('--gone <edtf>', 'when it is expected to disappear, such as 2026-12-05')
    .option('--reason <text>', 'why it is endangered')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Divide it with holdfast parts add, so that others can take parts of it.

Examples:
  $ holdfast target add https://example.gov/data/ --gone 2026-12-05
  $ holdfast target add https://example.gov/data/ --title 'Tide gauges' --reason 'The office is closed.'`,
    )
    .action(async (url: string, options: Options) => {
      const record = targetOf(url, options)
      const { repo } = await connections.signIn(options.account)
      const statement = { source: 'publish' as const, states: await connections.states() }
      const { uri, cid, action } = await putDataset(
        repo,
        { record, rkey: undefined, isPartial: true },
        statement,
      )
      if (options.json) printJson({ uri, cid, action })
      else {
        print(`${uri} (${action})`)
        print(`Divide it: holdfast parts add ${uri} ${url}`)
      }
    })
}

function targetOf(url: string, { title, gone, reason }: Options) {
  if (!isAddress(url)) throw new CommandError('usage', `${url} is no http(s) address.`)
  if (gone !== undefined && !edtfBounds(gone))
    throw new CommandError('usage', `--gone ${gone} is no date; write one such as 2026-12-05 or 2026-12.`)
  const { host, pathname } = new URL(url)
  return {
    title: title ?? `${host}${pathname.replace(/\/$/, '')}`,
    homepage: url,
    sources: [{ url, kind: 'web' }],
    risk: {
      level: 'endangered',
      ...(reason !== undefined && { reason }),
      ...(gone !== undefined && { expectedGone: gone }),
    },
    createdAt: new Date().toISOString(),
  }
}
