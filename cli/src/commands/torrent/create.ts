import { rm } from 'node:fs/promises'
import { counted } from '@holdfast/runtime/counted'
import { formatMagnet } from '@holdfast/torrent/magnet'
import { Command } from 'commander'
import { exitCodes } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { saveTorrent } from '../../files/save-torrent.ts'
import { formatBytes } from '../../output/quantities.ts'
import { print, printJson } from '../../output/terminal.ts'
import {
  isDirectory,
  makeTorrent,
  type TorrentOptions,
  torrentOptions,
  torrentPath,
} from '../../publish/make-torrent.ts'
import { chooseTrackers } from '../../publish/trackers.ts'

interface Options extends TorrentOptions {
  name?: string
  output?: string
  json?: boolean
  appview?: string
  appviewTrackers?: boolean
}

/** `holdfast torrent create`: makes a .torrent and publishes nothing. */
export function torrentCreateCommand(connections: Connections): Command {
  const command = new Command('create')
    .description('make a .torrent of files or directories; the same input makes the same infohash everywhere')
    .argument('<path...>', 'a file, a directory, or several for one torrent with --name')
    .option(
      '-o, --output <path>',
      'the .torrent, or a directory, which ends in a slash (default: next to the path)',
    )
    .option('--name <name>', 'the torrent’s name (default: that of the path)')
    .option('--appview-trackers', 'add the AppView’s trackers')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast torrent create ./water-levels
  $ holdfast torrent create ./store.zarr --zarr --tracker https://tracker.example.org/announce
  $ holdfast torrent create a.csv b.csv --name tables --exclude '*.tmp' -o tables.torrent`,
    )
  for (const option of torrentOptions()) command.addOption(option)
  return command.action(async (paths: string[], options: Options) => {
    const place = torrentPath(options.name ?? paths[0]!, options.output)
    const trackers = options.appviewTrackers
      ? ((await chooseTrackers(options.tracker, await connections.appView(options.appview))) ?? [])
      : (options.tracker ?? [])
    const created = await makeTorrent(paths, options, { name: options.name, trackers, file: place })
    const { infoHashV1, infoHashV2, name, sizeBytes, pieceLengthBytes, fileCount } = created
    const { file, saved } = await saveTorrent(
      place,
      { infoHashV1, infoHashV2, name, chunks: () => created.chunks() },
      { overwrites: options.overwrite ?? false },
    )
    if (options.resume) await rm(`${place}.resume`, { force: true })
    // A script that expects the file at the place it named would find another one there.
    const isElsewhere = file !== place || saved === 'kept'
    if (isElsewhere && options.output && !isDirectory(options.output)) process.exitCode = exitCodes.failure
    const magnet = formatMagnet({
      infoHashV1,
      infoHashV2,
      name,
      sizeBytes,
      trackers,
      webseeds: options.webseed ?? [],
    })
    if (options.json) {
      printJson({ file, saved, infoHashV1, infoHashV2, name, sizeBytes, pieceLengthBytes, fileCount, magnet })
      return
    }
    print(
      `${file}: ${counted(fileCount, 'file')}, ${formatBytes(sizeBytes)}, pieces of ${formatBytes(pieceLengthBytes)}`,
    )
    if (infoHashV1) print(`v1  ${infoHashV1}`)
    if (infoHashV2) print(`v2  ${infoHashV2}`)
    print(magnet)
  })
}
