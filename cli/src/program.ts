import { Command } from 'commander'
import { loginCommand } from './commands/account/login.ts'
import { logoutCommand } from './commands/account/logout.ts'
import { whoamiCommand } from './commands/account/whoami.ts'
import { completionCommand } from './commands/completion.ts'
import { exportCommand } from './commands/read/export.ts'
import { getCommand } from './commands/read/get.ts'
import { searchCommand } from './commands/read/search.ts'
import { showCommand } from './commands/read/show.ts'
import { statusCommand } from './commands/read/status.ts'
import { torrentCreateCommand } from './commands/torrent/create.ts'
import { torrentInspectCommand } from './commands/torrent/inspect.ts'
import { torrentVerifyCommand } from './commands/torrent/verify.ts'
import { webseedAddCommand } from './commands/webseed/add.ts'
import { webseedCheckCommand } from './commands/webseed/check.ts'
import { adoptCommand } from './commands/write/adopt.ts'
import { deleteCommand } from './commands/write/delete.ts'
import { editCommand } from './commands/write/edit.ts'
import { importCommand } from './commands/write/import.ts'
import { publishCommand } from './commands/write/publish.ts'
import type { Connections } from './connections.ts'
import { version } from './version.ts'

/** The whole command line. */
export function program(connections: Connections): Command {
  const holdfast = new Command('holdfast')
    .description(
      'Describe public data in your own repo, make torrents of it, find and keep what others hold.',
    )
    .version(version)
    .showHelpAfterError('(holdfast --help shows all commands, holdfast COMMAND --help one of them)')
    .addHelpText('after', help)
  const commands = [
    loginCommand(connections),
    logoutCommand(connections),
    whoamiCommand(connections),
    group('torrent', 'make, look into and check .torrent files', [
      torrentCreateCommand(connections),
      torrentInspectCommand(),
      torrentVerifyCommand(),
    ]),
    publishCommand(connections),
    importCommand(connections),
    adoptCommand(connections),
    group('webseed', 'HTTP servers that have a torrent’s files', [
      webseedAddCommand(connections),
      webseedCheckCommand(connections),
    ]),
    searchCommand(connections),
    showCommand(connections),
    getCommand(connections),
    statusCommand(connections),
    editCommand(connections),
    deleteCommand(connections),
    exportCommand(connections),
    completionCommand(),
  ]
  for (const command of commands) holdfast.addCommand(command)
  throwInsteadOfExit(holdfast)
  return holdfast
}

function group(name: string, description: string, commands: readonly Command[]): Command {
  const parent = new Command(name).description(description)
  for (const command of commands) parent.addCommand(command)
  return parent
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
