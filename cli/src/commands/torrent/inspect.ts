import { counted } from '@holdfast/runtime/counted'
import type { Metainfo } from '@holdfast/torrent/metainfo'
import { Command } from 'commander'
import type { Connections } from '../../connections.ts'
import { openTorrent } from '../../content/open-torrent.ts'
import { readV1 } from '../../content/torrent-id.ts'
import { formatBytes } from '../../output/quantities.ts'
import { plain, print, printJson, printTable, warn } from '../../output/terminal.ts'

/** `holdfast torrent inspect`: checks a .torrent and shows its contents. */
export function torrentInspectCommand(connections: Connections): Command {
  return new Command('inspect')
    .description('check a .torrent and show its contents; exits 1 with the reason if it is invalid')
    .argument('<what>', 'the .torrent or its http(s) address, AT-URI, infohash or magnet link')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast torrent inspect water-levels.torrent --json | jq .infoHashV2
  $ holdfast torrent inspect https://example.org/water-levels.torrent
  $ holdfast torrent inspect 'magnet:?xt=urn:btih:5d41402abc4b2a76b9719d911017c592ae2f0c11'`,
    )
    .action(async (what: string, options: { appview?: string; json?: boolean }) => {
      const metainfo = await openTorrent(connections, what, options.appview)
      if (options.json) printJson(describe(metainfo))
      else show(metainfo)
      await warnOfOtherReading(metainfo)
    })
}

/** parse-torrent keeps several copies of a file in memory, so larger files are not read by it. */
const largestReadTwice = 10 * 2 ** 20

/**
 * Some programs encode `info` again before they hash it. If it is not canonical bencode, they get another infohash and
 * look for another swarm; this warns of it.
 */
async function warnOfOtherReading({ infoHashV1, bytes }: Metainfo): Promise<void> {
  if (infoHashV1 === null || bytes.length > largestReadTwice) return
  const theirs = await readV1(bytes)
  if (theirs && theirs !== infoHashV1)
    warn(
      `WebTorrent and some other programs compute the v1 infohash ${theirs} for this file, because its info dictionary is not in canonical form.`,
    )
}

function describe(metainfo: Metainfo) {
  const { infoHashV1, infoHashV2, name, pieceLengthBytes, fileCount } = metainfo
  return {
    infoHashV1,
    infoHashV2,
    name,
    // This is what libtorrent calls the size of a torrent: a hybrid's padding is part of its pieces.
    sizeBytes: metainfo.paddedSizeBytes,
    contentSizeBytes: metainfo.sizeBytes,
    pieceLengthBytes,
    fileCount,
    files: metainfo.files.map(({ path, sizeBytes: size, piecesRoot, attributes, symlink }) => ({
      path: path.join('/'),
      sizeBytes: size,
      piecesRoot,
      ...(attributes && { attributes }),
      ...(symlink && { symlink: symlink.join('/') }),
    })),
    trackers: metainfo.trackers,
    webseeds: metainfo.webseeds,
    private: metainfo.private,
    comment: metainfo.comment,
    createdBy: metainfo.createdBy,
    creationDate: metainfo.creationDate,
    source: metainfo.source,
    hasPieceLayers: metainfo.hasPieceLayers,
  }
}

function show(metainfo: Metainfo): void {
  const rows: [string, string][] = [
    ['name', plain(metainfo.name)],
    ['v1', metainfo.infoHashV1 ?? '(none)'],
    ['v2', metainfo.infoHashV2 ?? '(none)'],
    [
      'size',
      `${formatBytes(metainfo.sizeBytes)} (${counted(metainfo.sizeBytes, 'byte')}) in ${counted(metainfo.fileCount, 'file')}`,
    ],
    ['pieces', `of ${formatBytes(metainfo.pieceLengthBytes)}`],
    ...(metainfo.private ? [['private', 'yes'] as [string, string]] : []),
    ...metainfo.trackers.map(({ url, tier }): [string, string] => [
      'tracker',
      `${plain(url)} (tier ${tier})`,
    ]),
    ...metainfo.webseeds.map(({ url, kind }): [string, string] => ['webseed', `${plain(url)} (${kind})`]),
    ...(metainfo.comment ? [['comment', plain(metainfo.comment)] as [string, string]] : []),
  ]
  printTable(rows)
  print()
  for (const file of metainfo.iterateFiles())
    print(`${formatBytes(file.sizeBytes).padStart(9)}  ${plain(file.path.join('/'))}`)
}
