import { counted } from '@holdfast/runtime/counted'
import { Command, Option } from 'commander'
import { stringify } from 'yaml'
import { CommandError, exitCodes } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { torrentFetchLimits } from '../../content/torrent-file.ts'
import { draftOf, importAll } from '../../import/import-all.ts'
import { describeLeftOver, kindOfField } from '../../import/left-over.ts'
import { type ListedOutcome, listedPublisher, type PublishListed } from '../../import/publish-listed.ts'
import { type Input, inputKinds, readInput } from '../../import/read-input.ts'
import { progressBar } from '../../output/progress-bar.ts'
import { formatBytes, formatSeconds } from '../../output/quantities.ts'
import { note, plain, print, printJson, printText, warn } from '../../output/terminal.ts'
import { describeNotes } from '../../publish/merge-notes.ts'
import { assertDraft, type Statement, type WrittenDataset } from '../../publish/put-dataset.ts'
import { datasetSlug } from '../../publish/slug.ts'
import { chooseTrackers } from '../../publish/trackers.ts'
import type { Repo } from '../../records/repo.ts'

interface Options {
  from?: (typeof inputKinds)[number]
  charset?: string
  dryRun?: boolean
  replaceFields?: boolean
  torrents: boolean
  appview?: string
  account?: string
  json?: boolean
}

/** `holdfast import`: publishes the datasets of a catalog in one's own repo. */
export function importCommand(connections: Connections): Command {
  return new Command('import')
    .argument('<input>', 'a file, an https:// address, a bag, a directory of files, or - for standard input')
    .addOption(new Option('--from <kind>', 'the kind of input (default: detected)').choices(inputKinds))
    .option('--charset <name>', 'its encoding, if the input does not state it (default: UTF-8)')
    .option('--dry-run', 'show the records and every field that does not fit; write nothing')
    .option('--replace-fields', 'replace every field with the catalog’s, including fields you changed')
    .option('--no-torrents', 'of an index of torrents, import only the descriptions')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--appview <url>', 'AppView whose trackers are added to torrents (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print a line of JSON for each dataset')
    .addHelpText(
      'after',
      `
Reads DCAT-US data.json, DCAT and schema.org JSON-LD, Croissant, DataCite JSON, CKAN packages, BagIt bags, the Registry
of Open Data on AWS, and other indexes of torrents: SciOp (its /api/v1/datasets/), Academic Torrents (its database.xml)
and Nostr relays or files of events (NIP-35). Of those the torrents are published, too: each .torrent is fetched once
and checked by its infohash; for Nostr, aria2 gets it from the swarm.
A directory of .torrent files is published as it is; clients keep one, such as ~/.local/share/qBittorrent/BT_backup and
~/.config/transmission/torrents. Torrents that are marked as private, or name a personal key, are left out. Keys come from the source's identifiers. The import keeps within the PDS's rate limits.
A record that has not changed is not written again, so a repeated import writes nothing. Fields that you changed with
holdfast edit since the last import are kept, and the output names them.

Examples:
  $ holdfast import https://www.example.gov/data.json --dry-run
  $ holdfast import open-data-registry/datasets
  $ holdfast import ./bag && holdfast publish ./bag --for AT-URI
  $ holdfast import https://sciop.net/api/v1/datasets/ --no-torrents
  $ holdfast import https://academictorrents.com/database.xml
  $ holdfast import wss://relay.example
  $ holdfast import ~/.config/transmission/torrents --dry-run`,
    )
    .action(async (place: string, options: Options) => {
      const fetch = await connections.strangerFetch({ timeoutMs: 300_000, maxBytes: 512 * 2 ** 20 })
      const input = await readInput(place, { kind: options.from, charset: options.charset, fetch })
      if (options.dryRun) dryRun(input, options)
      else await run(connections, input, options)
    })
}

function dryRun(input: Input, options: Options): void {
  let faults = 0
  for (let index = 0; index < input.count; index++) {
    try {
      const imported = input.importAt(index, { createdAt: new Date().toISOString() })
      const draft = draftOf(imported)
      assertDraft(draft)
      const rkey = draft.rkey ?? datasetSlug(draft.record)
      const description =
        imported.descriptionMarkdown ?? (draft.record.description as string | undefined) ?? ''
      const descriptionBytes = Buffer.byteLength(description)
      if (options.json) {
        const { leftOver, torrents } = imported
        printJson({ rkey, record: draft.record, descriptionBytes, leftOver, ...(torrents && { torrents }) })
        continue
      }
      print(`--- # ${rkey}`)
      printText(stringify(draft.record, { lineWidth: 110 }).trimEnd())
      if (imported.descriptionMarkdown)
        print(`# the whole description (${formatBytes(descriptionBytes)}) goes into descriptionBlob`)
      for (const line of describeLeftOver(imported.leftOver)) print(`# not taken over: ${line}`)
      for (const { infoHashes, url } of imported.torrents ?? [])
        print(`# torrent ${infoHashes[0]}${url ? ` from ${plain(url)}` : ''}`)
    } catch (error) {
      faults++
      reportFault(input.nameAt(index), (error as Error).message, options)
    }
  }
  note(
    `${counted(input.count, 'dataset')} of kind ${input.kind}; ${faults} cannot be imported. Nothing was written.`,
  )
  if (faults > 0) process.exitCode = exitCodes.failure
}

async function run(connections: Connections, input: Input, options: Options): Promise<void> {
  using bar = progressBar()
  const counts = { created: 0, updated: 0, unchanged: 0, failed: 0 }
  const torrentCounts = { ...counts }
  const homeless = new Set<string>()
  const edited: (readonly string[])[] = []
  const show = (remark?: string) => {
    const done = counts.created + counts.updated + counts.unchanged + counts.failed
    bar.update({ label: input.kind, done, total: input.count, unit: 'items', ...(remark && { remark }) })
  }
  const { repo } = await connections.signIn(options.account, (waitMs) => {
    const remark = `waiting ${formatSeconds(waitMs / 1000)} for the PDS’s rate limit`
    if (waitMs > 30_000 && !process.stderr.isTTY) warn(remark)
    else show(remark)
  })
  const { replaceFields } = options
  const statement: Statement = { source: 'import', states: await connections.states(), replaceFields }
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  let publishListed: PublishListed | undefined
  try {
    for await (const outcome of importAll(repo, input, { signal: stop.signal, statement })) {
      if ('problem' in outcome) {
        counts.failed++
        reportFault(outcome.name, outcome.problem, options)
      } else {
        counts[outcome.written.action]++
        for (const { field } of outcome.leftOver) homeless.add(kindOfField(field))
        const torrents: ListedOutcome[] = []
        if (options.torrents && outcome.torrents.length > 0) {
          publishListed ??= await listedOf(connections, { repo, statement, options })
          for await (const listed of publishListed(outcome.written, outcome.torrents)) {
            torrents.push(listed)
            torrentCounts['problem' in listed ? 'failed' : listed.action]++
            if ('problem' in listed && !options.json)
              warn(`torrent ${listed.infoHash}: ${plain(listed.problem)}`)
            if (stop.signal.aborted) break
          }
        }
        if (options.json) printJson({ ...outcome.written, ...(torrents.length > 0 && { torrents }) })
        else tellNotes(outcome.written)
        if (outcome.written.kept) edited.push(outcome.written.kept)
      }
      show()
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
  const summary = summaryOf(counts)
  if (stop.signal.aborted)
    throw new CommandError(
      'interrupted',
      `Stopped (${summary} of ${input.count}); run the same command again to resume.`,
    )
  if (homeless.size > 0)
    warn(
      `${counted(homeless.size, 'kind of field', 'kinds of field')} could not be taken over (${[...homeless].slice(0, 8).map(plain).join(', ')}${homeless.size > 8 ? ', …' : ''}); --dry-run shows them.`,
    )
  const torrentTotal = Object.values(torrentCounts).reduce((sum, count) => sum + count, 0)
  if (options.json)
    printJson({ total: input.count, ...counts, ...(torrentTotal > 0 && { torrents: torrentCounts }) })
  else {
    print(`${counted(input.count, 'dataset')}: ${summary}`)
    if (torrentTotal > 0) print(`${counted(torrentTotal, 'torrent')}: ${summaryOf(torrentCounts)}`)
    if (edited.length > 0) print(describeKept(edited))
  }
  if (counts.failed > 0 || torrentCounts.failed > 0) process.exitCode = exitCodes.failure
}

function summaryOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}

/** What publishes the torrents that an index lists; their records also name the AppView's trackers. */
async function listedOf(
  connections: Connections,
  { repo, statement, options }: { repo: Repo; statement: Statement; options: Options },
): Promise<PublishListed> {
  const appview = await connections.appView(options.appview)
  return listedPublisher({
    ...{ repo, statement },
    fetch: await connections.strangerFetch(torrentFetchLimits),
    trackers: (await chooseTrackers(undefined, appview)) ?? [],
    allowPrivateHosts: connections.config.allowPrivateHosts,
  })
}

/** Says which fields an import replaced without knowing who had written them. */
function tellNotes({ uri, replaced, removed }: WrittenDataset): void {
  for (const line of describeNotes({ ...(replaced && { replaced }) }, 'the catalog')) warn(`${uri}: ${line}`)
  for (const line of describeNotes({ ...(removed && { removed }) }, 'the catalog')) note(`${uri}: ${line}`)
}

/** Says which fields the import left as their owner changed them. */
function describeKept(edited: readonly (readonly string[])[]): string {
  const names = [...new Set(edited.flat())].map(plain)
  const more = names.length > 8 ? ', …' : ''
  return `${counted(edited.length, 'record')} with fields kept as you changed them (${names.slice(0, 8).join(', ')}${more}); --json names them, --replace-fields replaces them with the catalog’s.`
}

function reportFault(name: string, problem: string, options: Options): void {
  if (options.json) printJson({ name, problem })
  else warn(`${plain(name)}: ${problem}`)
}
