import { datasetPath } from '@holdfast/lexicons/dataset-path'
import { mappedRecord } from '@holdfast/lexicons/foreign'
import { collections } from '@holdfast/lexicons/nsid'
import { Command } from 'commander'
import { CommandError, exitCodes } from '../../command-error.ts'
import type { Connections, SignedIn } from '../../connections.ts'
import { isRemote as isOnServer } from '../../is-address.ts'
import { print, printJson } from '../../output/terminal.ts'
import { announce } from '../../publish/announce.ts'
import { readDatasetMeta } from '../../publish/dataset-meta.ts'
import { collect, isDirectory, torrentOptions } from '../../publish/make-torrent.ts'
import { describeNotes, type MergeNotes } from '../../publish/merge-notes.ts'
import {
  fromAddresses,
  type MadeTorrent,
  makeFromPath,
  type PathOptions,
  type PublishedPath,
  publishMade,
} from '../../publish/publish-paths.ts'
import { assertDraft, type DatasetDraft, putDataset, type Statement } from '../../publish/put-dataset.ts'
import { chooseTrackers } from '../../publish/trackers.ts'
import { parseDatasetUri, parseRecordUri } from '../../records/record-uri.ts'
import type { RecordJson, RecordRef } from '../../records/repo.ts'
import type { MadeFromAddresses } from '../../remote/make-from-addresses.ts'
import type { LeftOut } from '../../remote/make-remote.ts'
import { type RemoteOptions, remoteOptions } from '../../remote/remote-options.ts'

interface Options extends PathOptions, RemoteOptions {
  fromSource?: boolean
  dataset?: string
  for?: string
  title?: string
  description?: string
  homepage?: string
  license?: string
  keyword?: string[]
  rkey?: string
  replace?: boolean
  replaceFields?: boolean
  method?: string
  tool?: string
  captured?: string
  supersedes?: string
  announce?: boolean
  account?: string
  appview?: string
  json?: boolean
}

/** `holdfast publish`: makes torrents of paths and publishes them, with their dataset, in one's own repo. */
export function publishCommand(connections: Connections): Command {
  const command = new Command('publish')
    .argument(
      '[what...]',
      'files or directories, each of which becomes one torrent, or web addresses (none: publish the dataset alone)',
    )
    .option('--from-source', 'make torrents of what the dataset’s own sources serve')
    .option(
      '--dataset <meta>',
      'the dataset’s fields as JSON or YAML, or anything import reads; - is standard input',
    )
    .option('--for <at-uri>', 'publish for this existing dataset, yours or anybody’s')
    .option('--title <text>', 'the dataset’s title (replaces the one in META)')
    .option('--description <text>', 'its description (CommonMark)')
    .option('--homepage <url>', 'its landing page')
    .option('--license <spdx>', 'its license as an SPDX expression or URL')
    .option('--keyword <word>', 'a keyword; may be repeated', collect)
    .option('--rkey <key>', 'the record’s key (default: from its identifier, else its title)')
    .option('--replace', 'treat the record under this key as this dataset, even if it describes another')
    .option('--replace-fields', 'replace every field, including fields you changed')
    .option('--method <text>', 'how the files were gathered (CommonMark)')
    .option('--tool <text>', 'what they were gathered with')
    .option('--captured <edtf>', 'when they were gathered, such as 2026-11 or 2026-01/2026-03')
    .option('--supersedes <at-uri>', 'the torrent that this one replaces, if holdfast cannot tell')
    .option(
      '--metainfo-url <url>',
      'a web address where you will serve the .torrent; may be repeated',
      collect,
    )
    .option('--no-origin-webseeds', 'do not use the dataset’s own download addresses as webseeds')
    .option(
      '-o, --output <path>',
      'where to save the .torrent; a directory ends in a slash (default: next to the path)',
    )
    .option('--no-save', 'do not save the .torrent')
    .option(
      '--announce',
      'also write a post with a link to the dataset’s page, unless it was announced already',
    )
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--appview <url>', 'AppView whose trackers are used (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
  for (const option of [...torrentOptions(), ...remoteOptions()]) command.addOption(option)
  return command.action((paths: string[], options: Options) => publish(connections, paths, options))
}

const help = `
META contains the fields of a dataset (holdfast dataset new writes a file with all of them). Short forms are accepted:

  title: Water levels of the Rhine
  description: Daily means from 1820 on.
  homepage: https://example.org/rhine
  license: CC0-1.0
  creators: [Ana Pérez]
  keywords: [rivers, water levels]
  identifiers: [doi:10.1234/rhine]

Fields that you changed with holdfast edit since the last publish are kept, and the output names them; --replace-fields
replaces them with META's. Flags alone, without META, change only the fields that they name.

The files at web addresses are read once and not kept unless you name a place with --keep; their server becomes the
torrent's webseed (holdfast torrent create --help says what can be read). A run that was stopped goes on where it was.

When the files of a path have changed, the new torrent's record says that it supersedes the old one, which is kept. This
machine remembers which torrent was made from which path; on another machine, use --supersedes.

Examples:
  $ holdfast publish ./water-levels --dataset meta.yaml
  $ holdfast publish 2023.zip 2024.zip --dataset meta.json --webseed https://example.org/files/
  $ holdfast publish ./water-levels --dataset meta.yaml --announce
  $ holdfast publish ./scans --title 'Scans of the 1880 census' --license CC0-1.0 --json
  $ holdfast publish ./mirror --for at://did:plc:…/…/rhine --method 'wget, 2026-11'
  $ holdfast publish https://data.example.org/water-levels/ --dataset meta.yaml
  $ holdfast publish s3://water-levels/2026/ --dataset meta.yaml
  $ holdfast publish --from-source --for at://did:plc:…/…/rhine --keep ./mirror`

async function publish(connections: Connections, paths: string[], options: Options): Promise<void> {
  const isRemote = Boolean(options.fromSource) || options.urls !== undefined || paths.some(isOnServer)
  if (isRemote && !paths.every(isOnServer))
    throw new CommandError('usage', 'Files on disk and addresses are published by separate commands.')
  if (!isRemote && paths.length > 1 && options.output && !isDirectory(options.output))
    throw new CommandError('usage', 'Several torrents are saved to a directory: let --output end in a slash.')
  if (options.supersedes && (paths.length !== 1 || options.fromSource || options.urls !== undefined))
    throw new CommandError('usage', '--supersedes applies to one torrent: give one path.')
  const draft = options.for ? undefined : await draftOf(options)
  if (draft) assertDraft(draft)
  // Sign in first: an hour of hashing should not end with a wrong password.
  const account = await connections.signIn(options.account)
  if (options.announce) assertMayAnnounce(account)
  const known = options.for ? await findDataset(connections, account, options.for) : undefined
  const supersedes = options.supersedes ? await findTorrent(connections, options.supersedes) : undefined
  const record = known?.value ?? draft!.record
  const made = await makeAll(connections, paths, { ...options, record, isRemote })
  const { replaceFields } = options
  const statement: Statement = { source: 'publish', states: await connections.states(), replaceFields }
  const dataset = known ?? (await putDataset(account.repo, draft!, statement))
  const torrents: PublishedPath[] = []
  for (const torrent of made.torrents)
    torrents.push(
      await publishMade({ connections, account }, torrent, {
        dataset,
        about: { ...aboutOf(options), ...(supersedes && { supersedes }) },
        metainfoUrls: options.metainfoUrl ?? [],
        keepsWebseeds: options.webseed === undefined,
        statement,
        siblings: torrents.map(({ uri }) => uri),
      }),
    )
  await made.forget()
  const { leftOut } = made
  if (leftOut.length > 0) process.exitCode = exitCodes.failure
  const { uri, cid, action, kept, replaced, removed } = { action: 'unchanged', ...dataset } as RecordRef &
    MergeNotes & { action: string }
  const notes = { ...(kept && { kept }), ...(replaced && { replaced }), ...(removed && { removed }) }
  const page = `${(await connections.appView(options.appview)).url}${datasetPath(uri)}`
  const post = options.announce && (await announceAt(page, { account, statement, dataset, torrents }))
  if (options.json)
    printJson({
      dataset: { uri, cid, action, ...notes },
      page,
      torrents,
      ...(post && { post }),
      ...(leftOut.length > 0 && { leftOut }),
    })
  else show({ dataset: `${uri} (${action})`, page, notes, post: post || undefined }, torrents)
}

/** Fails before an hour of hashing, and not after it. */
function assertMayAnnounce({ method, announces, handle }: SignedIn): void {
  if (method === 'oauth' && !announces)
    throw new CommandError(
      'auth',
      `The session of ${handle} may not write posts. Run \`holdfast login ${handle} --announce\` to allow it.`,
    )
}

/** Announces the dataset as its record is now; resolves to undefined if that was done already. */
async function announceAt(
  page: string,
  {
    account: { repo },
    ...rest
  }: {
    account: SignedIn
    statement: Statement
    dataset: RecordRef & { value?: RecordJson }
    torrents: readonly PublishedPath[]
  },
): Promise<string | undefined> {
  const { dataset, statement, torrents } = rest
  const value =
    dataset.value ?? (await repo.get(collections.dataset, dataset.uri.split('/').at(-1)!))?.value ?? {}
  const { title = dataset.uri, description } = value as { title?: string; description?: string }
  const written = await announce(repo, statement.states, {
    ...{ dataset, page, title, description },
    torrents: torrents.map(({ uri }) => uri),
  })
  return written?.uri
}

interface Made {
  readonly torrents: readonly MadeTorrent[]
  /** What could not be read, of addresses. */
  readonly leftOut: readonly LeftOut[]
  /** Deletes what could resume the run. */
  forget(): Promise<void>
}

async function makeAll(
  connections: Connections,
  what: readonly string[],
  options: Options & { record: RecordJson; isRemote: boolean },
): Promise<Made> {
  const { isRemote } = options
  if (what.length === 0 && !isRemote) return { torrents: [], leftOut: [], forget: async () => {} }
  const trackers = await chooseTrackers(options.tracker, await connections.appView(options.appview))
  if (isRemote) return makeRemotely(connections, what, { ...options, trackers })
  const fetch = await connections.strangerFetch({ timeoutMs: 30_000, maxBytes: 1024 * 2 ** 20 })
  const torrents: MadeTorrent[] = []
  for (const path of what)
    torrents.push(await makeFromPath(path, options, { trackers, dataset: options.record, fetch }))
  return { torrents, leftOut: [], forget: async () => {} }
}

async function makeRemotely(
  connections: Connections,
  urls: readonly string[],
  options: Options & { record: RecordJson; trackers: readonly string[] | undefined },
): Promise<Made> {
  const [{ givenAddresses, makeFromAddresses }, { addressesOfSources }] = await Promise.all([
    import('../../remote/make-from-addresses.ts'),
    import('../../remote/dataset-sources.ts'),
  ])
  const addresses = [
    ...givenAddresses(urls),
    ...(options.fromSource ? addressesOfSources(options.record) : []),
  ]
  const torrents: MadeTorrent[] = []
  const leftOut: LeftOut[] = []
  const finished: MadeFromAddresses[] = []
  for await (const made of makeFromAddresses(connections, addresses, options, options.trackers ?? [])) {
    leftOut.push(...made.leftOut)
    if (!('created' in made)) continue
    finished.push(made)
    torrents.push(fromAddresses(made, options))
  }
  return {
    torrents,
    leftOut,
    async forget() {
      for (const made of finished) await made.forget()
    },
  }
}

async function draftOf(options: Options): Promise<DatasetDraft> {
  if (!options.dataset && !options.title)
    throw new CommandError(
      'usage',
      'Name the dataset: --dataset META.yaml, --for AT-URI, or at least --title.',
    )
  const meta = options.dataset
    ? await readDatasetMeta(options.dataset, { isComplete: options.title === undefined })
    : { record: {}, rkey: undefined }
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
    isPartial: !options.dataset,
    rkey: options.rkey ?? meta.rkey,
    ...(options.replace && { isSame: () => true }),
  }
}

function licenseOf(text: string): object {
  return /^https?:\/\//i.test(text) ? { url: text } : { spdx: text }
}

/** Reads the dataset of `--for` from its author's repo. */
async function findDataset(
  connections: Connections,
  account: SignedIn,
  uri: string,
): Promise<RecordRef & { value: RecordJson }> {
  const { authority, collection, rkey } = parseDatasetUri(uri, connections.config.authorities)
  const isOwn = authority === account.did || authority === account.handle
  const repo = isOwn ? account.repo : (await connections.readRepo(authority)).repo
  const found = await repo.get(collection, rkey)
  if (!found) throw new CommandError('notFound', `There is no dataset ${uri}.`)
  return {
    uri: `at://${repo.did}/${found.uri.split('/').slice(3).join('/')}`,
    cid: found.cid,
    value: (mappedRecord(found.value) as RecordJson | undefined) ?? found.value,
  }
}

/** A reference to a torrent record of any account. */
async function findTorrent(connections: Connections, uri: string): Promise<RecordRef> {
  const { authority, collection, rkey } = parseRecordUri(uri, connections.config.authorities)
  if (collection !== collections.torrent) throw new CommandError('usage', `${uri} is not a torrent.`)
  const found = await (await connections.readRepo(authority)).repo.get(collection, rkey)
  if (!found) throw new CommandError('notFound', `There is no torrent ${uri}.`)
  return { uri: found.uri, cid: found.cid }
}

function aboutOf({ method, tool, captured }: Options): RecordJson {
  return {
    ...(method !== undefined && { method }),
    ...(tool !== undefined && { tool }),
    ...(captured !== undefined && { captured }),
  }
}

function show(
  {
    dataset,
    page,
    notes,
    post,
  }: { dataset: string; page: string; notes: MergeNotes; post: string | undefined },
  torrents: readonly PublishedPath[],
): void {
  print(`dataset  ${dataset}`)
  for (const line of describeNotes(notes, 'META')) print(`         ${line}`)
  print(`page     ${page}`)
  for (const { uri, action, magnet, file, ...merged } of torrents) {
    print(`torrent  ${uri} (${action})`)
    for (const line of describeNotes(merged, 'this run')) print(`         ${line}`)
    print(`         ${magnet}`)
    if (file) print(`         saved as ${file}: open it in a BitTorrent client to seed`)
  }
  if (post) print(`post     ${post}`)
}
