import { getPart, listParts } from '@holdfast/lexicons'
import { edtfBounds } from '@holdfast/lexicons/edtf'
import { collections } from '@holdfast/lexicons/nsid'
import { counted } from '@holdfast/runtime/counted'
import { Command, Option } from 'commander'
import { answerJson } from '../../appview.ts'
import { CommandError } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { type Division, divide, mostAddresses, type PlannedPart } from '../../gather/divide.ts'
import { onInterruption } from '../../interruption.ts'
import { progressBar } from '../../output/progress-bar.ts'
import { formatBytes, parseBytes } from '../../output/quantities.ts'
import { note, plain, print, printJson, printTable } from '../../output/terminal.ts'
import { putGuarded } from '../../records/put-guarded.ts'
import { parseDatasetUri } from '../../records/record-uri.ts'
import { assertValid } from '../../records/validate.ts'
import { givenAddresses, listAddresses } from '../../remote/make-from-addresses.ts'
import { endpointOption } from '../../remote/remote-options.ts'
import { wholeNumber } from '../../whole-number.ts'

/** `holdfast parts …`. */
export function partsCommand(connections: Connections): Command {
  return new Command('parts')
    .addCommand(partsAddCommand(connections))
    .addCommand(partsListCommand(connections))
    .addCommand(partsShowCommand(connections))
}

interface AddOptions {
  urls?: string
  endpoint?: string
  per: number
  byBytes?: number
  copies?: number
  priority?: number
  deadline?: string
  requestsPerMinute?: number
  hours?: number
  maxFiles: number
  dryRun?: boolean
  account?: string
  json?: boolean
}

/** `holdfast parts add`: divides a dataset into parts that others can take. */
function partsAddCommand(connections: Connections): Command {
  return new Command('add')
    .description('divide a dataset into parts that people can claim and gather')
    .argument('<dataset>', 'AT-URI of the dataset, yours or anybody’s')
    .argument('[url...]', 'files, directory listings, sitemaps, buckets or records of repositories')
    .option('--urls <file>', 'addresses, one a line; a file, an address, or -')
    .addOption(endpointOption())
    .addOption(
      new Option('--per <n>', 'files in a part').argParser(wholeNumber('--per', mostAddresses)).default(100),
    )
    .addOption(
      new Option('--by-bytes <size>', 'no part larger than this, where sizes are known').argParser(
        parseBytes,
      ),
    )
    .addOption(
      new Option('--copies <n>', 'independent gatherings wanted').argParser(wholeNumber('--copies', 20)),
    )
    .addOption(
      new Option('--priority <n>', '0 to 100; 50 is usual').argParser(wholeNumber('--priority', 100, 0)),
    )
    .option('--deadline <edtf>', 'when they must be gathered (default: the dataset’s expected end)')
    .addOption(
      new Option(
        '--requests-per-minute <n>',
        'how often all volunteers together may ask the server',
      ).argParser(wholeNumber('--requests-per-minute', 1_000_000)),
    )
    .addOption(
      new Option('--hours <n>', 'how long one person should need (default: 2)').argParser(
        wholeNumber('--hours', 168),
      ),
    )
    .addOption(
      new Option('--max-files <n>', 'stop at a listing with more files')
        .argParser(wholeNumber('--max-files', 10_000_000))
        .default(100_000),
    )
    .option('--dry-run', 'say what would be written')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Files are divided in the order of their addresses, so that a directory stays together. Dividing the same files again
writes nothing new, and goes on where an interruption ended.

Examples:
  $ holdfast parts add at://did:plc:…/…/tides https://example.gov/data/ --per 200
  $ holdfast parts add at://did:plc:…/…/tides s3://example-tides/gauges/ --by-bytes 20GB
  $ holdfast parts add at://did:plc:…/…/tides --urls urls.txt --by-bytes 20GB --requests-per-minute 120`,
    )
    .action((dataset: string, urls: string[], options: AddOptions) =>
      addParts(connections, dataset, urls, options),
    )
}

async function addParts(
  connections: Connections,
  datasetUri: string,
  urls: readonly string[],
  options: AddOptions,
): Promise<void> {
  if (urls.length === 0 && options.urls === undefined)
    throw new CommandError(
      'usage',
      'Say which files there are: give addresses, or a list of them with --urls.',
    )
  if (options.deadline !== undefined && !edtfBounds(options.deadline))
    throw new CommandError(
      'usage',
      `--deadline ${options.deadline} is no date; write one such as 2026-12-05.`,
    )
  const { authority, collection, rkey } = parseDatasetUri(datasetUri, connections.config.authorities)
  const { repo: owner } = await connections.readRepo(authority)
  const dataset = await owner.get(collection, rkey)
  if (!dataset) throw new CommandError('notFound', `There is no dataset ${datasetUri}.`)
  const { files, skipped } = await listAddresses(connections, givenAddresses(urls), options)
  for (const { url, reason } of skipped) note(`left out ${url}: ${reason}`)
  if (files.length === 0) throw new CommandError('notFound', 'There are no files at these addresses.')
  const division: Division = { mostFiles: options.per, mostBytes: options.byBytes }
  const parts = divide(files, rkey.slice(0, 100), division)
  const written = options.dryRun
    ? parts.map(({ rkey }) => ({ rkey, action: 'planned' }))
    : await writeParts(connections, parts, { dataset: { uri: dataset.uri, cid: dataset.cid }, options })
  if (options.json) printJson({ dataset: dataset.uri, files: files.length, parts: written })
  else {
    const fresh = written.filter(({ action }) => action === 'created').length
    const bytes = files.every(({ sizeBytes }) => sizeBytes !== undefined)
      ? `, ${formatBytes(files.reduce((sum, { sizeBytes }) => sum + sizeBytes!, 0))}`
      : ''
    print(
      `${counted(files.length, 'file')}${bytes} in ${counted(parts.length, 'part')}${options.dryRun ? '; nothing was written' : `, ${fresh} of them new`}.`,
    )
    if (!options.dryRun) print(`Take one: holdfast claim next ${dataset.uri}`)
  }
}

async function writeParts(
  connections: Connections,
  parts: readonly PlannedPart[],
  { dataset, options }: { dataset: { uri: string; cid: string }; options: AddOptions },
) {
  using interruption = onInterruption('Stopped; run the same command again to go on.')
  const { repo } = await connections.signIn(options.account, undefined, interruption.signal)
  using bar = progressBar()
  const written: { uri: string; rkey: string; action: string }[] = []
  for (const { rkey, ...planned } of parts) {
    interruption.signal.throwIfAborted()
    const host = new URL(planned.urls[0]!.url).host
    const { uri, action } = await putGuarded(repo, { collection: collections.part, rkey }, (existing) => {
      const record = {
        dataset,
        ...planned,
        fileCount: planned.urls.length,
        tool: 'http',
        // What its author changed since is kept, except for what this command says.
        ...existing?.value,
        ...(options.copies !== undefined && { copies: options.copies }),
        ...(options.priority !== undefined && { priority: options.priority }),
        ...(options.deadline !== undefined && { deadline: options.deadline }),
        ...(options.hours !== undefined && { leaseSeconds: options.hours * 3_600 }),
        ...(options.requestsPerMinute !== undefined && {
          pace: { host, requestsPerMinute: options.requestsPerMinute },
        }),
        createdAt: existing?.value.createdAt ?? new Date().toISOString(),
      }
      assertValid(collections.part, record, `The part ${planned.title}`)
      return record
    })
    written.push({ uri, rkey, action })
    bar.update({ label: 'writing', done: written.length, total: parts.length, unit: 'items' })
  }
  return written
}

interface ListOptions {
  state?: string[]
  by?: string
  limit?: number
  cursor?: string
  appview?: string
  json?: boolean
}

const states = ['open', 'leased', 'claimed', 'said', 'gathered', 'failed', 'closed', 'unnecessary']

/** `holdfast parts list`: how far a dataset is. */
function partsListCommand(connections: Connections): Command {
  return new Command('list')
    .description('list the parts of a dataset, and how many are in which state')
    .argument('<dataset>', 'AT-URI of the dataset')
    .addOption(new Option('--state <state...>', 'only parts in these states').choices(states))
    .option('--by <handle>', 'only parts that this account defined')
    .addOption(
      new Option('--limit <n>', 'how many at most, up to 100').argParser(wholeNumber('--limit', 100)),
    )
    .option('--cursor <cursor>', 'print the next page; the previous page shows its cursor')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print the AppView’s answer as JSON')
    .addHelpText('after', '\nExample:\n  $ holdfast parts list at://did:plc:…/…/tides --state open')
    .action(async (dataset: string, { state, by, limit, cursor, appview, json }: ListOptions) => {
      const answer = await (await connections.appView(appview)).query(listParts, {
        dataset,
        state,
        by: by?.replace(/^@/, ''),
        limit,
        cursor,
      })
      if (json) {
        printJson(answerJson(answer))
        return
      }
      const { open, taken, said, gathered, failed } = answer.counts
      print(
        `${open} open, ${taken} being gathered, ${said} said to be done, ${gathered} gathered, ${failed} failed`,
      )
      printTable(
        answer.parts.map((part) => {
          const { title, sizeBytes } = part.record as { title?: string; sizeBytes?: number }
          const holders = part.claims.filter(({ standing }) => standing === 'holder')
          const who = holders.map(({ author }) => author.handle ?? author.did).join(', ')
          return [
            part.state,
            part.deadline ?? '',
            sizeBytes === undefined ? '' : formatBytes(sizeBytes),
            plain(title ?? part.item ?? part.uri),
            plain(who),
          ]
        }),
      )
      if (answer.cursor) print(`More: --cursor ${answer.cursor}`)
    })
}

/** `holdfast parts show`: one part with its addresses. */
function partsShowCommand(connections: Connections): Command {
  return new Command('show')
    .description('show one part, who works on it and what came of it')
    .argument('<part>', 'AT-URI of the part')
    .option('--item <id>', 'the item, if the record lists several parts')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print the AppView’s answer as JSON')
    .addHelpText('after', '\nExample:\n  $ holdfast parts show at://did:plc:…/…/tides-1f2e3d4c5b6a')
    .action(
      async (uri: string, { item, appview, json }: { item?: string; appview?: string; json?: boolean }) => {
        const answer = await (await connections.appView(appview)).query(getPart, { uri, item })
        if (json) {
          printJson(answerJson(answer))
          return
        }
        const { part } = answer
        const {
          title,
          method,
          urls = [],
        } = part.record as {
          title?: string
          method?: string
          urls?: { url: string }[]
        }
        print(plain(title ?? part.uri))
        print(`${part.state}, of ${part.dataset.uri}`)
        if (method) print(plain(method))
        for (const { author, standing } of part.claims)
          print(`${standing}: ${plain(author.handle ?? author.did)}`)
        for (const torrent of part.torrents) print(`torrent: ${torrent.uri}`)
        for (const { url } of urls) print(plain(url))
      },
    )
}
