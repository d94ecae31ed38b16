import { resolve } from 'node:path'
import { counted } from '@holdfast/runtime/counted'
import { Command, InvalidArgumentError, Option } from 'commander'
import { createAsk } from '../../bridge/ask.ts'
import { type Found, findSource, openSource } from '../../bridge/detect.ts'
import { copiedLedger, unwrittenRepo, unwrittenStates } from '../../bridge/dry-run.ts'
import { publishFiles } from '../../bridge/files.ts'
import { follow } from '../../bridge/follow.ts'
import { type Ledger, ledgerPath, openLedger } from '../../bridge/ledger.ts'
import { createReport } from '../../bridge/report.ts'
import { scheduleOf } from '../../bridge/schedule.ts'
import { type SourceKind, sourceKinds } from '../../bridge/source.ts'
import type { WriteParts } from '../../bridge/write.ts'
import { CommandError } from '../../command-error.ts'
import { httpUrl } from '../../config.ts'
import type { Connections, SignedIn } from '../../connections.ts'
import { onInterruption } from '../../interruption.ts'
import { confirm } from '../../output/prompt.ts'
import { print, printJson, printText } from '../../output/terminal.ts'
import { collect } from '../../publish/make-torrent.ts'
import type { Statement } from '../../publish/put-dataset.ts'

interface Options {
  as?: SourceKind
  set?: string
  metadataPrefix?: string
  everyType?: boolean
  full?: boolean
  limit?: number
  dryRun?: boolean
  schedule?: boolean
  yes?: boolean
  replaceFields?: boolean
  files?: string
  tracker?: string[]
  account?: string
  quiet?: boolean
  json?: boolean
}

/** The most bytes of one answer: a page, or a whole `data.json`, which is read entry by entry. */
const maxAnswerBytes = { page: 64 * 2 ** 20, document: 2 ** 31 }

/** `holdfast bridge`: keeps records in one's own repo in step with a repository or catalog. */
export function bridgeCommand(connections: Connections): Command {
  return new Command('bridge')
    .argument('<url>', 'the address of a repository or catalog, or of its API')
    .addOption(new Option('--as <kind>', 'what it is (default: found out)').choices([...sourceKinds]))
    .option('--set <name>', 'only this set of an OAI-PMH repository')
    .option('--metadata-prefix <name>', 'the OAI-PMH metadata format (default: DataCite, else Dublin Core)')
    .option('--every-type', 'also what an OAI-PMH repository says is something other than data')
    .option('--full', 'read everything again, and not only what changed')
    .option('--limit <number>', 'write at most so many datasets; the rest follows with the next run', count)
    .option('--dry-run', 'show what would be written; write and remember nothing')
    .option('--schedule', 'print a cron line and systemd units that run this every day; do nothing else')
    .option('--yes', 'mark datasets as removed even if most are gone from the source')
    .option(
      '--files <directory>',
      'also make torrents of the datasets’ files; the .torrent files are saved there',
    )
    .option(
      '--tracker <url>',
      'a tracker of these torrents; may be repeated (default: those of the AppView)',
      collect,
    )
    .option(
      '--replace-fields',
      'replace every field of what is read with the source’s, also what you changed (--full: of everything)',
    )
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--json', 'print a line of JSON for each dataset, and a summary')
    .addHelpText('after', help)
    .action(async (address: string, options: Options) => {
      const url = httpUrl('The address', address)
      if (options.schedule) return printSchedule(url, options)
      return run(connections, url, options)
    })
}

const help = `
Follows CKAN, OAI-PMH (so Dataverse, DSpace, Zenodo and InvenioRDM, EPrints and other indexes of Holdfast), data.json (also
of Socrata and ArcGIS Hub), DataCite by prefix, and DCAT in JSON-LD over several pages. The first run imports everything,
each further run what is new or changed. A dataset that the source removed keeps its record; its sources there are marked
as removed. Fields that you changed with holdfast edit are kept, and the output names them.

With --files, the files that a dataset's sources name are read once and not kept; their server is the torrents' first seed
(holdfast torrent create --help). They are read again when the source says that they changed.

After an interruption, run the same command again: it goes on where it stopped. Writing keeps within the limits of your
server, which by default are 2,500 records an hour and 17,500 a day.

Examples:
  $ holdfast bridge https://catalog.example.gov --dry-run --limit 10
  $ holdfast bridge https://catalog.example.gov/organization/weather
  $ holdfast bridge https://zenodo.org/communities/sea-ice
  $ holdfast bridge 'https://api.datacite.org/dois?prefix=10.5061'
  $ holdfast bridge https://dataverse.example.edu/oai --set tides
  $ holdfast bridge https://www.example.gov/data.json --schedule
  $ holdfast bridge https://www.example.gov/data.json --files ./torrents`

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a number of datasets, at least 1.')
  return Number(text)
}

async function run(connections: Connections, url: string, options: Options): Promise<void> {
  using interruption = onInterruption('Stopped; run the same command again to go on where it stopped.')
  const { signal } = interruption
  using report = createReport(options)
  const fetch = await connections.strangerFetch({ timeoutMs: 600_000, maxBytes: maxAnswerBytes.page })
  const ask = createAsk({ fetch, signal, onWait: report.waits })
  const account = await signIn(connections, options, { onWait: report.waitsForServer, signal })
  await using ledger = await openLedgerFor(connections, url, { options, account })
  const found = await foundSource(url, { ledger, options, find: () => findSource(url, ask, options.as) })
  const asked = found.kind === 'data-json' ? await largeAsk(connections, signal, report.waits) : ask
  const source = openSource(found, asked, {
    ...(options.set !== undefined && { set: options.set }),
    ...(options.metadataPrefix !== undefined && { prefix: options.metadataPrefix }),
    everyType: options.everyType,
  })
  report.begins(found)
  const parts = await writeParts(connections, { ledger, account, options, signal })
  const mayRemove = (leaving: number, known: number) => askRemoval(leaving, known, options)
  const followOptions = { isFull: options.full ?? false, limit: options.limit, mayRemove }
  for await (const event of follow(source, followOptions, parts)) report.tell(event)
  if (options.files !== undefined && account && !options.dryRun) {
    const filesParts = {
      ...parts,
      connections,
      account,
      directory: options.files,
      trackers: options.tracker,
      limit: options.limit,
    }
    for await (const event of publishFiles(filesParts)) report.tell(event)
  }
  report.ends()
}

async function largeAsk(
  connections: Connections,
  signal: AbortSignal,
  onWait: (waitMs: number, reason: string) => void,
) {
  const fetch = await connections.strangerFetch({ timeoutMs: 3_600_000, maxBytes: maxAnswerBytes.document })
  return createAsk({ fetch, signal, onWait })
}

/** A dry run needs no account: without one, everything is new to it. */
async function signIn(
  connections: Connections,
  { account, dryRun }: Options,
  { onWait, signal }: { onWait: (waitMs: number) => void; signal: AbortSignal },
): Promise<SignedIn | undefined> {
  try {
    return await connections.signIn(account, onWait, signal)
  } catch (error) {
    if (!dryRun || !(error instanceof CommandError && error.kind === 'auth')) throw error
    return undefined
  }
}

async function openLedgerFor(
  connections: Connections,
  url: string,
  { options, account }: { options: Options; account: SignedIn | undefined },
): Promise<Ledger & AsyncDisposable> {
  const { set = '', metadataPrefix = '', as = '', everyType = false } = options
  const name = [url, set, metadataPrefix, as, everyType].join(' ').trimEnd()
  const path = account && ledgerPath(account.did, { url, name }, connections.config.configDirectory)
  if (options.dryRun || !path) return copiedLedger(path)
  const ledger = openLedger(path)
  return { ...ledger, [Symbol.asyncDispose]: async () => ledger[Symbol.dispose]() }
}

async function foundSource(
  url: string,
  { ledger, options, find }: { ledger: Ledger; options: Options; find: () => Promise<Found> },
): Promise<Found> {
  const known = ledger.get<Found>('source')
  if (known && (options.as === undefined || options.as === known.kind)) return known
  const found = await find()
  ledger.set('source', found)
  ledger.set('address', url)
  return found
}

async function writeParts(
  connections: Connections,
  {
    ledger,
    account,
    options,
    signal,
  }: { ledger: Ledger; account: SignedIn | undefined; options: Options; signal: AbortSignal },
): Promise<WriteParts> {
  const states = await connections.states()
  const { dryRun, replaceFields } = options
  const statement: Statement = {
    source: 'import',
    states: dryRun ? unwrittenStates(states) : states,
    replaceFields,
  }
  const repo = dryRun || !account ? unwrittenRepo(account?.repo) : account.repo
  return { ledger, repo, statement, signal, wantsFiles: options.files !== undefined }
}

async function askRemoval(leaving: number, known: number, { yes, dryRun, json }: Options): Promise<boolean> {
  if (yes) return true
  if (dryRun || json || !process.stdin.isTTY) return false
  return confirm(`${leaving} of ${counted(known, 'dataset')} are gone from the source. Mark them as removed?`)
}

function printSchedule(url: string, options: Options): void {
  const {
    schedule: _schedule,
    dryRun: _dryRun,
    json: _json,
    yes: _yes,
    quiet: _quiet,
    full: _full,
    ...kept
  } = options
  // Paths are made absolute, since cron starts in the home directory.
  const given = { ...kept, ...(kept.files !== undefined && { files: resolve(kept.files) }) }
  const words = Object.entries(given).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    if (value === true) return [flag]
    return [value]
      .flat()
      .flatMap((each) => (each === undefined || each === false ? [] : [flag, String(each)]))
  })
  const command = [process.execPath, process.argv[1]!, 'bridge', url, ...words, '--quiet']
  const { cron, units } = scheduleOf(url, command)
  if (options.json) {
    printJson({ cron, units })
    return
  }
  print('# With cron: a line for `crontab -e`')
  print(cron)
  const names = Object.keys(units)
  for (const [name, text] of Object.entries(units)) {
    print()
    print(`# With systemd: ~/.config/systemd/user/${name}`)
    printText(text.trimEnd())
  }
  print()
  print(`# then: systemctl --user enable --now ${names.find((name) => name.endsWith('.timer'))}`)
  print('# and, so that it runs while you are not signed in: loginctl enable-linger')
}
