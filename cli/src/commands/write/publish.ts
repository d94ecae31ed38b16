import { rm, writeFile } from 'node:fs/promises'
import type { CreatedTorrent } from '@holdfast/torrent/create'
import { formatMagnet } from '@holdfast/torrent/magnet'
import { Command } from 'commander'
import type { Connections } from '../../connections.ts'
import { Failure } from '../../failure.ts'
import { print, printJson, warn } from '../../output/terminal.ts'
import { readDatasetMeta } from '../../publish/dataset-meta.ts'

import {
  collect,
  makeTorrent,
  type TorrentOptions,
  torrentOptions,
  torrentPath,
} from '../../publish/make-torrent.ts'
import { assertDraft, type DatasetDraft, putDataset } from '../../publish/put-dataset.ts'
import { putTorrent } from '../../publish/put-torrent.ts'
import { chooseTrackers } from '../../publish/trackers.ts'
import type { Written } from '../../records/put-guarded.ts'
import type { RecordRef } from '../../records/repo.ts'
import { version } from '../../version.ts'

interface Options extends TorrentOptions {
  dataset?: string
  datasetUri?: string
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
  metainfoUrl?: string[]
  output?: string
  save: boolean
  account?: string
  appview?: string
  json?: boolean
}

interface MadeTorrent {
  readonly path: string
  readonly created: CreatedTorrent
  readonly metainfo: Uint8Array
}

/** `holdfast publish`: torrents of paths, and the records that tell of them, in one's own repo. */
export function publishCommand(connections: Connections): Command {
  const command = new Command('publish')
    .description('make torrents of files and publish them with their dataset; run again to update')
    .argument('[path...]', 'files or directories; each makes one torrent (none: the dataset alone)')
    .option(
      '--dataset <meta>',
      'the dataset’s fields as JSON or YAML, with an optional rkey; - is standard input',
    )
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
    .option(
      '-o, --output <path>',
      'where the .torrent goes; a directory ends in a slash (default: beside the path)',
    )
    .option('--no-save', 'do not save the .torrent')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--appview <url>', 'AppView whose trackers are used (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
META is a dataset record without $type and createdAt:

  title: Water levels of the Rhine
  description: Daily means from 1820 on.
  homepage: https://example.org/rhine
  license: {spdx: CC0-1.0}
  identifiers: [{scheme: doi, value: 10.1234/rhine}]

Examples:
  $ holdfast publish ./water-levels --dataset meta.yaml
  $ holdfast publish 2023.zip 2024.zip --dataset meta.json --webseed https://example.org/files/
  $ holdfast publish ./scans --title 'Scans of the 1880 census' --license CC0-1.0 --json`,
    )
  for (const option of torrentOptions()) command.addOption(option)
  return command.action((paths: string[], options: Options) => publish(connections, paths, options))
}

async function publish(connections: Connections, paths: string[], options: Options): Promise<void> {
  const draft = await draftOf(options)
  assertDraft(draft)
  // Signing in first: an hour of hashing should not end in a wrong password.
  const { repo } = await connections.signIn(options.account)
  const trackers =
    paths.length > 0 ? await chooseTrackers(options.tracker, connections.appView(options.appview)) : []
  const made: MadeTorrent[] = []
  for (const path of paths) made.push(await make(path, { ...options, paths }, trackers))
  const dataset = await putDataset(repo, draft)
  const torrents = []
  for (const { path, created, metainfo } of made) {
    const written = await putTorrent(repo, {
      ...pick(created),
      metainfo,
      metainfoUrls: options.metainfoUrl ?? [],
      datasets: [{ uri: dataset.uri, cid: dataset.cid }],
      trackers: trackers.map((url, tier) => ({ url, tier })),
      webSeeds: (options.webseed ?? []).map((url) => ({ url, kind: 'bep19' })),
      about: {
        ...(options.method !== undefined && { method: options.method }),
        tool: options.tool ?? `holdfast/${version}`,
        ...(options.captured !== undefined && { captured: options.captured }),
      },
    })
    torrents.push(describeTorrent(written, created, { path, trackers, options }))
  }
  if (options.json) printJson({ dataset: describeRecord(dataset), torrents })
  else show(dataset, torrents)
}

async function draftOf(options: Options): Promise<DatasetDraft> {
  if (!options.dataset && !options.title)
    throw new Failure('usage', 'Say what this is: --dataset META.yaml, or at least --title.')
  const meta = options.dataset ? await readDatasetMeta(options.dataset) : { record: {}, rkey: undefined }
  const record = {
    ...meta.record,
    ...(options.title !== undefined && { title: options.title }),
    ...(options.description !== undefined && { description: options.description }),
    ...(options.homepage !== undefined && { homepage: options.homepage }),
    ...(options.license !== undefined && { license: licenseOf(options.license) }),
    ...(options.keyword && { keywords: options.keyword.map((name) => ({ name })) }),
  }
  return { record, rkey: options.rkey ?? meta.rkey, replace: options.replace ?? false }
}

function licenseOf(text: string): object {
  return /^https?:\/\//i.test(text) ? { url: text } : { spdx: text }
}

async function make(
  path: string,
  options: Options & { paths: string[] },
  trackers: readonly string[],
): Promise<MadeTorrent> {
  if (options.paths.length > 1 && options.output && !/[\\/]$/.test(options.output))
    throw new Failure('usage', 'Several torrents need a directory: let --output end in a slash.')
  const file = torrentPath(path, options.output)
  const created = await makeTorrent([path], options, { trackers, file })
  const metainfo = created.metainfo
  if (options.save) {
    await writeFile(file, metainfo).catch((error) => {
      warn(`the .torrent could not be saved (${(error as Error).message}); choose a place with --output.`)
    })
  }
  if (options.resume) await rm(`${file}.resume`, { force: true })
  return { path, created, metainfo }
}

function pick({ infoHashV1, infoHashV2, name, sizeBytes, pieceLengthBytes, fileCount }: CreatedTorrent) {
  return { infoHashV1, infoHashV2, name, sizeBytes, pieceLengthBytes, fileCount }
}

interface Context {
  readonly path: string
  readonly trackers: readonly string[]
  readonly options: Options
}

function describeTorrent(written: Written, created: CreatedTorrent, { path, trackers, options }: Context) {
  const { infoHashV1, infoHashV2, name, sizeBytes } = created
  return {
    ...describeRecord(written),
    infoHashV1,
    infoHashV2,
    magnet: formatMagnet({
      infoHashV1,
      infoHashV2,
      name,
      sizeBytes,
      trackers,
      webSeeds: options.webseed ?? [],
    }),
    ...(options.save && { file: torrentPath(path, options.output) }),
  }
}

function describeRecord({ uri, cid, action }: Written): RecordRef & { action: string } {
  return { uri, cid, action }
}

function show(
  dataset: Written,
  torrents: { uri: string; action: string; magnet: string; file?: string }[],
): void {
  print(`dataset  ${dataset.uri} (${dataset.action})`)
  for (const torrent of torrents) {
    print(`torrent  ${torrent.uri} (${torrent.action})`)
    print(`         ${torrent.magnet}`)
    if (torrent.file) print(`         saved as ${torrent.file}: open it in a BitTorrent client to seed`)
  }
}
