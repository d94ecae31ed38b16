import { counted } from '@holdfast/runtime/counted'
import { Command, Option } from 'commander'
import { stringify } from 'yaml'
import { exitCodes } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { torrentFetchLimits } from '../../content/torrent-file.ts'
import { draftOf, importAll } from '../../import/import-all.ts'
import { describeLeftOver } from '../../import/left-over.ts'
import { listedPublisher, type PublishListed } from '../../import/publish-listed.ts'
import { type Input, inputKinds, readInput } from '../../import/read-input.ts'
import { createImportReport, reportFault } from '../../import/report.ts'
import { onInterruption } from '../../interruption.ts'
import { formatBytes } from '../../output/quantities.ts'
import { note, plain, print, printJson, printText } from '../../output/terminal.ts'
import { assertDraft, type Statement } from '../../publish/put-dataset.ts'
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
  using report = createImportReport(input, options)
  using interruption = onInterruption('Stopped; run the same command again to resume.')
  const { signal } = interruption
  try {
    const { repo } = await connections.signIn(options.account, (waitMs) => report.waits(waitMs), signal)
    const { replaceFields } = options
    const statement: Statement = { source: 'import', states: await connections.states(), replaceFields }
    let publishListed: PublishListed | undefined
    for await (const outcome of importAll(repo, input, { signal, statement })) {
      if ('problem' in outcome) {
        report.failed(outcome.name, outcome.problem)
        continue
      }
      if (options.torrents && outcome.torrents.length > 0) {
        publishListed ??= await listedOf(connections, { repo, statement, options })
        for await (const listed of publishListed(outcome.written, outcome.torrents)) {
          report.torrent(listed)
          if (signal.aborted) break
        }
      }
      report.written(outcome.written, outcome.leftOver)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (signal.aborted) throw report.stopped()
  report.ends()
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
