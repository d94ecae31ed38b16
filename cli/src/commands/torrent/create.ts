import { rm } from 'node:fs/promises'
import { counted } from '@holdfast/runtime/counted'
import type { CreatedTorrent } from '@holdfast/torrent/create'
import { formatMagnet } from '@holdfast/torrent/magnet'
import { Command } from 'commander'
import { CommandError, exitCodes } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { type SavedTorrent, saveTorrent } from '../../files/save-torrent.ts'
import { isRemote } from '../../is-address.ts'
import { formatBytes } from '../../output/quantities.ts'
import { print, printJson } from '../../output/terminal.ts'
import { isDirectory, makeTorrent, torrentOptions, torrentPath } from '../../publish/make-torrent.ts'
import { chooseTrackers } from '../../publish/trackers.ts'
import type { AddressOptions, MadeFromAddresses } from '../../remote/make-from-addresses.ts'
import type { LeftOut } from '../../remote/make-remote.ts'
import { remoteOptions } from '../../remote/remote-options.ts'

interface Options extends AddressOptions {
  json?: boolean
  appview?: string
  appviewTrackers?: boolean
}

/** `holdfast torrent create`: makes a .torrent and publishes nothing. */
export function torrentCreateCommand(connections: Connections): Command {
  const command = new Command('create')
    .description(
      'make a .torrent of files, directories or web addresses; the same input makes the same infohash everywhere',
    )
    .argument(
      '[what...]',
      'a file, a directory, or several for one torrent with --name; or addresses, whose server becomes the webseed',
    )
    .option(
      '-o, --output <path>',
      'the .torrent, or a directory, which ends in a slash (default: next to the path; for addresses, here)',
    )
    .option('--name <name>', 'the torrent’s name (default: that of the path)')
    .option('--appview-trackers', 'add the AppView’s trackers')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON; for addresses, a line for each torrent')
    .addHelpText('after', help)
  for (const option of [...torrentOptions(), ...remoteOptions()]) command.addOption(option)
  return command.action(async (what: string[], options: Options) => {
    if (what.length === 0 && options.urls === undefined)
      throw new CommandError(
        'usage',
        'Name a file, a directory or an address, or a file of addresses with --urls.',
      )
    const isOnServer = options.urls !== undefined || what.some(isRemote)
    if (isOnServer && !what.every(isRemote))
      throw new CommandError('usage', 'Files on disk and addresses do not go into one torrent.')
    const trackers = options.appviewTrackers
      ? ((await chooseTrackers(options.tracker, await connections.appView(options.appview))) ?? [])
      : (options.tracker ?? [])
    if (isOnServer) await createFromAddresses(connections, what, { options, trackers })
    else await createFromPaths(what, options, trackers)
  })
}

const help = `
Addresses are files, directories that a server lists (with a slash at the end), or public buckets of S3. The files are read once, by several
connections, and not kept unless you name a place with --keep. The torrent is made so that the server itself is its
first seed: it needs nothing but HTTP. A run that was stopped goes on where it was when you start it again; what it
remembers is in NAME.torrent.state. Files that change while they are read are read again.

Examples:
  $ holdfast torrent create ./water-levels
  $ holdfast torrent create ./store.zarr --zarr --tracker https://tracker.example.org/announce
  $ holdfast torrent create a.csv b.csv --name tables --exclude '*.tmp' -o tables.torrent
  $ holdfast torrent create https://data.example.org/water-levels/
  $ holdfast torrent create https://data.example.org/levels/2026.nc --keep ./mirror
  $ holdfast torrent create https://data.example.org/water-levels/ --keep-state --overwrite   # by cron
  $ holdfast torrent create s3://water-levels/2026/
  $ holdfast torrent create s3://water-levels/2026/ --endpoint https://s3.example.org
  $ holdfast torrent create --urls addresses.txt --connections 8 -o torrents/`

async function createFromPaths(
  paths: string[],
  options: Options,
  trackers: readonly string[],
): Promise<void> {
  const place = torrentPath(options.name ?? paths[0]!, options.output)
  const created = await makeTorrent(paths, options, { name: options.name, trackers, file: place })
  const saved = await save(created, place, options)
  if (options.resume) await rm(`${place}.resume`, { force: true })
  show(created, saved, { options, trackers, webseeds: options.webseed ?? [] })
}

async function createFromAddresses(
  connections: Connections,
  addresses: readonly string[],
  { options, trackers }: { options: Options; trackers: readonly string[] },
): Promise<void> {
  const { givenAddresses, makeFromAddresses } = await import('../../remote/make-from-addresses.ts')
  const finished: MadeFromAddresses[] = []
  for await (const made of makeFromAddresses(connections, givenAddresses(addresses), options, trackers)) {
    if (made.leftOut.length > 0) process.exitCode = exitCodes.failure
    if (!('created' in made)) {
      if (options.json) printJson({ file: null, ...made })
      continue
    }
    const saved = await save(made.created, made.file, options)
    const webseeds = [...new Set([...(options.webseed ?? []), made.webseed])]
    show(made.created, saved, { options, trackers, webseeds, leftOut: made.leftOut })
    finished.push(made)
  }
  // Until all are made, what is remembered of each spares reading it again after an interruption.
  for (const made of finished) await made.forget()
}

async function save(created: CreatedTorrent, place: string, options: Options): Promise<SavedTorrent> {
  const { infoHashV1, infoHashV2, name } = created
  const saved = await saveTorrent(
    place,
    { infoHashV1, infoHashV2, name, chunks: () => created.chunks() },
    { overwrites: options.overwrite ?? false },
  )
  // A script that expects the file at the place it named would find another one there.
  const isElsewhere = saved.file !== place || saved.saved === 'kept'
  if (isElsewhere && options.output && !isDirectory(options.output)) process.exitCode = exitCodes.failure
  return saved
}

interface Shown {
  readonly options: Options
  readonly trackers: readonly string[]
  readonly webseeds: readonly string[]
  readonly leftOut?: readonly LeftOut[]
}

function show(created: CreatedTorrent, { file, saved }: SavedTorrent, shown: Shown): void {
  const { infoHashV1, infoHashV2, name, sizeBytes, pieceLengthBytes, fileCount } = created
  const { options, trackers, webseeds, leftOut } = shown
  const magnet = formatMagnet({ infoHashV1, infoHashV2, name, sizeBytes, trackers, webseeds })
  if (options.json) {
    const about = {
      file,
      saved,
      infoHashV1,
      infoHashV2,
      name,
      sizeBytes,
      pieceLengthBytes,
      fileCount,
      magnet,
    }
    printJson(leftOut ? { ...about, webseeds, leftOut, resumedBytes: created.resumedBytes } : about)
    return
  }
  print(
    `${file}: ${counted(fileCount, 'file')}, ${formatBytes(sizeBytes)}, pieces of ${formatBytes(pieceLengthBytes)}`,
  )
  if (infoHashV1) print(`v1  ${infoHashV1}`)
  if (infoHashV2) print(`v2  ${infoHashV2}`)
  print(magnet)
}
