import { Command } from 'commander'
import { CommandError } from './command-error.ts'
import type { Connections } from './connections.ts'
import { complain } from './output/terminal.ts'
import { version } from './version.ts'

interface Entry {
  readonly about: string
  load(connections: Connections): Promise<Command>
}

/** Each command, in the order of the help, with what it is for. Its module is loaded only when it is used. */
const commands: Readonly<Record<string, Entry>> = {
  login: {
    about: 'sign in to an account; several may be signed in at once',
    load: async (c) => (await import('./commands/account/login.ts')).loginCommand(c),
  },
  logout: {
    about: 'end the session at the server and remove the account from this machine',
    load: async (c) => (await import('./commands/account/logout.ts')).logoutCommand(c),
  },
  whoami: {
    about: 'show the account that commands write to',
    load: async (c) => (await import('./commands/account/whoami.ts')).whoamiCommand(c),
  },
  torrent: {
    about: 'make, inspect and check .torrent files',
    load: async (c) => (await import('./commands/torrent/torrent.ts')).torrentCommand(c),
  },
  dataset: {
    about: 'write a file that describes a dataset',
    load: async () => (await import('./commands/dataset/dataset.ts')).datasetCommand(),
  },
  publish: {
    about: 'make torrents of files and publish them with their dataset; run again to update',
    load: async (c) => (await import('./commands/write/publish.ts')).publishCommand(c),
  },
  import: {
    about: 'publish the datasets of a catalog; after an interruption, run it again to resume',
    load: async (c) => (await import('./commands/write/import.ts')).importCommand(c),
  },
  bridge: {
    about: 'follow a repository or catalog and keep your records in step with it; run it by cron',
    load: async (c) => (await import('./commands/write/bridge.ts')).bridgeCommand(c),
  },
  target: {
    about: 'describe data that must be saved, before anybody has a copy',
    load: async (c) => (await import('./commands/gather/target.ts')).targetCommand(c),
  },
  parts: {
    about: 'divide a dataset into parts that people can gather, and see how far they are',
    load: async (c) => (await import('./commands/gather/parts.ts')).partsCommand(c),
  },
  claim: {
    about: 'take a part to gather, and say what became of it',
    load: async (c) => (await import('./commands/gather/claim.ts')).claimCommand(c),
  },
  work: {
    about: 'gather one part after the other, and publish their torrents',
    load: async (c) => (await import('./commands/gather/work.ts')).workCommand(c),
  },
  adopt: {
    about: 'republish somebody’s dataset with its torrents, or a torrent, in your own repo, with attribution',
    load: async (c) => (await import('./commands/write/adopt.ts')).adoptCommand(c),
  },
  webseed: {
    about: 'publish and check HTTP servers that have a torrent’s files',
    load: async (c) => (await import('./commands/webseed/webseed.ts')).webseedCommand(c),
  },
  search: {
    about: 'search datasets by words, "phrases", -exclusions and field:value',
    load: async (c) => (await import('./commands/read/search.ts')).searchCommand(c),
  },
  show: {
    about: 'show a dataset with its torrents, or a torrent by AT-URI, infohash or magnet link',
    load: async (c) => (await import('./commands/read/show.ts')).showCommand(c),
  },
  get: {
    about: 'get a dataset’s torrents: the .torrent, a magnet link, or the files themselves',
    load: async (c) => (await import('./commands/read/get.ts')).getCommand(c),
  },
  status: {
    about: 'ask the AppView whether it has a record, and if not why',
    load: async (c) => (await import('./commands/read/status.ts')).statusCommand(c),
  },
  edit: {
    about: 'change one of your records: in your editor, by --set and --unset, or from a file',
    load: async (c) => (await import('./commands/write/edit.ts')).editCommand(c),
  },
  delete: {
    about: 'delete records of yours, after asking',
    load: async (c) => (await import('./commands/write/delete.ts')).deleteCommand(c),
  },
  export: {
    about:
      'write the datasets of an account, or one of them, as DCAT JSON-LD, DataCite JSON or BagIt tag files',
    load: async (c) => (await import('./commands/read/export.ts')).exportCommand(c),
  },
  completion: {
    about: 'print a completion script for your shell',
    load: async () => (await import('./commands/completion.ts')).completionCommand(),
  },
}

/**
 * The command line parser. Of the commands only the one that the first word names is loaded, because loading all of them
 * takes time; the others are there by name, for the help and for words that are nearly theirs. A completion script names
 * every option, so it loads all.
 */
export async function program(
  connections: () => Promise<Connections>,
  words: readonly string[],
): Promise<Command> {
  const [wanted] = words
  const holdfast = new Command('holdfast')
    .description(
      'Describe public data in your own repo, make torrents of it, and find and download what others share.',
    )
    .version(version)
    .showHelpAfterError('(holdfast --help shows all commands, holdfast COMMAND --help one of them)')
    .addHelpText('after', help)
  const topic = wanted === 'help' ? words.slice(1).find((word) => !word.startsWith('-')) : wanted
  for (const [name, { about, load }] of Object.entries(commands)) {
    const isLoaded = name === topic || wanted === 'completion'
    holdfast.addCommand((isLoaded ? await load(await connections()) : new Command(name)).description(about))
  }
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
