import { Command } from 'commander'
import { CommandError } from './command-error.ts'
import type { Connections } from './connections.ts'
import { complain } from './output/terminal.ts'
import { version } from './version.ts'

/** The module of each command, in the order of the help. */
const commands: Record<string, (connections: Connections) => Promise<Command>> = {
  login: async (c) => (await import('./commands/account/login.ts')).loginCommand(c),
  logout: async (c) => (await import('./commands/account/logout.ts')).logoutCommand(c),
  whoami: async (c) => (await import('./commands/account/whoami.ts')).whoamiCommand(c),
  torrent: async (c) => (await import('./commands/torrent/torrent.ts')).torrentCommand(c),
  dataset: async () => (await import('./commands/dataset/dataset.ts')).datasetCommand(),
  publish: async (c) => (await import('./commands/write/publish.ts')).publishCommand(c),
  import: async (c) => (await import('./commands/write/import.ts')).importCommand(c),
  adopt: async (c) => (await import('./commands/write/adopt.ts')).adoptCommand(c),
  webseed: async (c) => (await import('./commands/webseed/webseed.ts')).webseedCommand(c),
  search: async (c) => (await import('./commands/read/search.ts')).searchCommand(c),
  show: async (c) => (await import('./commands/read/show.ts')).showCommand(c),
  get: async (c) => (await import('./commands/read/get.ts')).getCommand(c),
  status: async (c) => (await import('./commands/read/status.ts')).statusCommand(c),
  edit: async (c) => (await import('./commands/write/edit.ts')).editCommand(c),
  delete: async (c) => (await import('./commands/write/delete.ts')).deleteCommand(c),
  export: async (c) => (await import('./commands/read/export.ts')).exportCommand(c),
  completion: async () => (await import('./commands/completion.ts')).completionCommand(),
}

/**
 * The command line parser. If the first word is a command, only that command is loaded, because loading all of them
 * takes time.
 */
export async function program(connections: Connections, words: readonly string[]): Promise<Command> {
  const [wanted] = words
  const holdfast = new Command('holdfast')
    .description(
      'Describe public data in your own repo, make torrents of it, and find and download what others share.',
    )
    .version(version)
    .showHelpAfterError('(holdfast --help shows all commands, holdfast COMMAND --help one of them)')
    .addHelpText('after', help)
  const isOne = wanted !== undefined && wanted !== 'completion' && Object.hasOwn(commands, wanted)
  for (const name of isOne ? [wanted] : Object.keys(commands))
    holdfast.addCommand(await commands[name]!(connections))
  holdfast.helpCommand('help [command...]', 'show help for a command')
  settle(holdfast)
  return holdfast
}

/** Throws a CommandError unless the words lead from command to subcommand. */
export function assertCommand(holdfast: Command, path: readonly string[]): void {
  let here = holdfast
  for (const [index, word] of path.entries()) {
    const next = here.commands.find((command) => command.name() === word)
    if (!next) {
      const known = here.commands.map((command) => command.name()).join(', ')
      const what = `There is no command ${path.slice(0, index + 1).join(' ')}`
      throw new CommandError('usage', known ? `${what}; there are ${known}.` : `${what}.`)
    }
    here = next
  }
}

/** Applies the settings that all commands have in common. */
function settle(command: Command): void {
  command.exitOverride()
  command.configureOutput({ outputError: (message) => complain(message.trim().replace(/^error: /, '')) })
  if (command.commands.length === 0)
    command
      .option('-q, --quiet', 'print only the result and errors')
      .option('--verbose', 'print more on standard error, and stack traces of errors')
  for (const child of command.commands) settle(child)
}

const help = `
Examples:
  $ holdfast login alice.example.org
  $ holdfast publish ./water-levels --dataset meta.yaml
  $ holdfast search '"water levels" -drought' --has-torrent
  $ holdfast get at://did:plc:…/… --output ./data

Environment:
  HOLDFAST_APPVIEW_URL     AppView to search (default http://127.0.0.1:3000)
  HOLDFAST_IDENTIFIER      handle or DID to sign in with in scripts, together with HOLDFAST_APP_PASSWORD
  HOLDFAST_PDS             the account's server, if its handle cannot be looked up
  HOLDFAST_PLC_URL         PLC directory (default https://plc.directory)
  HOLDFAST_AUTHORITIES     lexicon authorities to read; records are written under the first
  NO_COLOR                 no colors

Exit codes:
  0 done   1 failed, or a check found faults   2 wrong use or input   3 not found   4 not signed in or not allowed
  5 a server could not be reached   6 the record was changed by another program   130 stopped`
