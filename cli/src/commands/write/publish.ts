import { mappedRecord } from '@holdfast/lexicons/foreign'
import { Command } from 'commander'
import type { Connections, SignedIn } from '../../connections.ts'
import { Failure } from '../../failure.ts'
import { print, printJson } from '../../output/terminal.ts'
import { readDatasetMeta } from '../../publish/dataset-meta.ts'
import { collect, torrentOptions } from '../../publish/make-torrent.ts'
import {
  type MadeTorrent,
  makeFromPath,
  type PathOptions,
  type PublishedPath,
  publishMade,
} from '../../publish/publish-paths.ts'
import { assertDraft, type DatasetDraft, putDataset } from '../../publish/put-dataset.ts'
import { chooseTrackers } from '../../publish/trackers.ts'
import { parseDatasetUri } from '../../records/record-uri.ts'
import type { RecordJson, RecordRef } from '../../records/repo.ts'

interface Options extends PathOptions {
  dataset?: string
  for?: string
  title?: string
  description?: string
  homepage?: string
  license?: string
  keyword?: string[]
  rkey?: string
  replace?: boolean
  method?: string
  tool?: string
  captured?: string
  account?: string
  appview?: string
  json?: boolean
}

/** `holdfast publish`: torrents of paths, and the records that tell of them, in one's own repo. */
export function publishCommand(connections: Connections): Command {
  const command = new Command('publish')
    .description('make torrents of files and publish them with their dataset; run again to update')
    .argument('[path...]', 'files or directories; each makes one torrent (none: the dataset alone)')
    .option(
      '--dataset <meta>',
      'the dataset’s fields as JSON or YAML, or anything import reads; - is standard input',
    )
    .option('--for <at-uri>', 'a dataset that is described already, by you or anybody')
    .option('--title <text>', 'the dataset’s title (instead of, or over, META)')
    .option('--description <text>', 'its description (CommonMark)')
    .option('--homepage <url>', 'its landing page')
    .option('--license <spdx>', 'its licence as an SPDX expression or URL')
    .option('--keyword <word>', 'a keyword; may be repeated', collect)
    .option('--rkey <key>', 'the record’s key (default: from its identifier, else its title)')
    .option('--replace', 'the record under this key is this dataset, even if it says otherwise')
    .option('--method <text>', 'how the files were gathered (CommonMark)')
    .option('--tool <text>', 'what they were gathered with')
    .option('--captured <edtf>', 'when they were gathered, such as 2026-11 or 2026-01/2026-03')
    .option('--metainfo-url <url>', 'where the .torrent will be served too; may be repeated', collect)
    .option('--no-origin-webseeds', 'do not use the dataset’s own download addresses as webseeds')
    .option(
      '-o, --output <path>',
      'where the .torrent goes; a directory ends in a slash (default: beside the path)',
    )
    .option('--no-save', 'do not save the .torrent')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--appview <url>', 'AppView whose trackers are used (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
  for (const option of torrentOptions()) command.addOption(option)
  return command.action((paths: string[], options: Options) => publish(connections, paths, options))
}

const help = `
META is a dataset record without $type and createdAt:

  title: Water levels of the Rhine
  description: Daily means from 1820 on.
  homepage: https://example.org/rhine
  license: {spdx: CC0-1.0}
  identifiers: [{scheme: doi, value: 10.1234/rhine}]

When files have changed, the new torrent's record says that it supersedes the old one, which stays.

Examples:
  $ holdfast publish ./water-levels --dataset meta.yaml
  $ holdfast publish 2023.zip 2024.zip --dataset meta.json --webseed https://example.org/files/
  $ holdfast publish ./scans --title 'Scans of the 1880 census' --license CC0-1.0 --json
  $ holdfast publish ./mirror --for at://did:plc:…/…/rhine --method 'wget, 2026-11'`

async function publish(connections: Connections, paths: string[], options: Options): Promise<void> {
  if (paths.length > 1 && options.output && !/[\\/]$/.test(options.output))
    throw new Failure('usage', 'Several torrents need a directory: let --output end in a slash.')
  const draft = options.for ? undefined : await draftOf(options)
  if (draft) assertDraft(draft)
  // Signing in first: an hour of hashing should not end in a wrong password.
  const account = await connections.signIn(options.account)
  const known = options.for ? await findDataset(connections, account, options.for) : undefined
  const made = await makeAll(connections, paths, { ...options, record: known?.value ?? draft!.record })
  const dataset = known ?? (await putDataset(account.repo, draft!))
  const torrents: PublishedPath[] = []
  for (const torrent of made)
    torrents.push(
      await publishMade(account.repo, torrent, {
        dataset,
        about: aboutOf(options),
        metainfoUrls: options.metainfoUrl ?? [],
        keepsWebSeeds: options.webseed === undefined,
      }),
    )
  const { uri, cid, action } = { action: 'unchanged', ...dataset }
  if (options.json) printJson({ dataset: { uri, cid, action }, torrents })
  else show(`${uri} (${action})`, torrents)
}

async function makeAll(
  connections: Connections,
  paths: readonly string[],
  options: Options & { record: RecordJson },
): Promise<MadeTorrent[]> {
  if (paths.length === 0) return []
  const trackers = await chooseTrackers(options.tracker, await connections.appView(options.appview))
  const fetch = await connections.strangerFetch({ timeoutMs: 30_000, maxBytes: 1024 * 2 ** 20 })
  const made: MadeTorrent[] = []
  for (const path of paths)
    made.push(await makeFromPath(path, options, { trackers, dataset: options.record, fetch }))
  return made
}

async function draftOf(options: Options): Promise<DatasetDraft> {
  if (!options.dataset && !options.title)
    throw new Failure('usage', 'Say what this is: --dataset META.yaml, --for AT-URI, or at least --title.')
  const meta = options.dataset ? await readDatasetMeta(options.dataset) : { record: {}, rkey: undefined }
  const record = {
    ...meta.record,
    ...(options.title !== undefined && { title: options.title }),
    ...(options.description !== undefined && { description: options.description }),
    ...(options.homepage !== undefined && { homepage: options.homepage }),
    ...(options.license !== undefined && { license: licenseOf(options.license) }),
    ...(options.keyword && { keywords: options.keyword.map((name) => ({ name })) }),
  }
  return {
    ...meta,
    record,
    rkey: options.rkey ?? meta.rkey,
    ...(options.replace && { isSame: () => true }),
  }
}

function licenseOf(text: string): object {
  return /^https?:\/\//i.test(text) ? { url: text } : { spdx: text }
}

/** The dataset of `--for` as it stands in its author's repo. */
async function findDataset(
  connections: Connections,
  account: SignedIn,
  uri: string,
): Promise<RecordRef & { value: RecordJson }> {
  const { authority, collection, rkey } = parseDatasetUri(uri, connections.config.authorities)
  const isOwn = authority === account.did || authority === account.handle
  const repo = isOwn ? account.repo : (await connections.readRepo(authority)).repo
  const found = await repo.get(collection, rkey)
  if (!found) throw new Failure('notFound', `There is no dataset ${uri}.`)
  return {
    uri: `at://${repo.did}/${found.uri.split('/').slice(3).join('/')}`,
    cid: found.cid,
    value: (mappedRecord(found.value) as RecordJson | undefined) ?? found.value,
  }
}

function aboutOf({ method, tool, captured }: Options): RecordJson {
  return {
    ...(method !== undefined && { method }),
    ...(tool !== undefined && { tool }),
    ...(captured !== undefined && { captured }),
  }
}

function show(dataset: string, torrents: readonly PublishedPath[]): void {
  print(`dataset  ${dataset}`)
  for (const { uri, action, magnet, file } of torrents) {
    print(`torrent  ${uri} (${action})`)
    print(`         ${magnet}`)
    if (file) print(`         saved as ${file}: open it in a BitTorrent client to seed`)
  }
}
