import { Command } from 'commander'
import type { Connections } from './connections.ts'
import { version } from './version.ts'

/** Each command in a module of its own, in the order of the help. */
const commands: Record<string, (connections: Connections) => Promise<Command>> = {
  login: async (c) => (await import('./commands/account/login.ts')).loginCommand(c),
  logout: async (c) => (await import('./commands/account/logout.ts')).logoutCommand(c),
  whoami: async (c) => (await import('./commands/account/whoami.ts')).whoamiCommand(c),
  torrent: async (c) => (await import('./commands/torrent/torrent.ts')).torrentCommand(c),
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

/** The command line; when `wanted` is a command, with that one alone, for the others take their time to load. */
export async function program(connections: Connections, wanted: string | undefined): Promise<Command> {
  const holdfast = new Command('holdfast')
    .description(
      'Describe public data in your own repo, make torrents of it, find and keep what others hold.',
    )
    .version(version)
    .showHelpAfterError('(holdfast --help shows all commands, holdfast COMMAND --help one of them)')
    .addHelpText('after', help)
  const isOne = wanted !== undefined && wanted !== 'completion' && Object.hasOwn(commands, wanted)
  for (const name of isOne ? [wanted] : Object.keys(commands))
    holdfast.addCommand(await commands[name]!(connections))
  throwInsteadOfExit(holdfast)
  return holdfast
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride()
  for (const child of command.commands) throwInsteadOfExit(child)
}

const help = `
Examples:
  $ holdfast login alice.example.org
  $ holdfast publish ./water-levels --dataset meta.yaml
  $ holdfast search '"water levels" -drought' --has-torrent
  $ holdfast get at://did:plc:…/… --output ./data

Environment:
  HOLDFAST_APPVIEW_URL     the AppView that answers searches (default http://127.0.0.1:3000)
  HOLDFAST_IDENTIFIER      handle or DID, with HOLDFAST_APP_PASSWORD: a sign-in for scripts
  HOLDFAST_PDS             the account's server, where its handle cannot be looked up
  HOLDFAST_PLC_URL         PLC directory (default https://plc.directory)
  HOLDFAST_AUTHORITIES     lexicon authorities, the one to write under first
  NO_COLOR                 no colours

Exit codes:
  0 done   1 failed, or a check found faults   2 wrong use or input   3 not found   4 not signed in or not allowed
  5 a server could not be reached   6 somebody else changed the record meanwhile   130 stopped`
