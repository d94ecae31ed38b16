import { readFile } from 'node:fs/promises'
import { type Metainfo, MetainfoError, parseMetainfo } from '@holdfast/torrent/metainfo'
import { Command } from 'commander'
import { Failure } from '../../failure.ts'
import { formatBytes } from '../../output/quantities.ts'
import { formatTable } from '../../output/table.ts'
import { plain, print, printJson } from '../../output/terminal.ts'

/** `holdfast torrent inspect`: what a .torrent says, after checking it. */
export function torrentInspectCommand(): Command {
  return new Command('inspect')
    .description('check a .torrent and show what it holds; a bad one exits 1 with the reason')
    .argument('<file>', 'the .torrent')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ holdfast torrent inspect water-levels.torrent --json | jq .infoHashV2',
    )
    .action(async (file: string, options: { json?: boolean }) => {
      const metainfo = await readMetainfo(file)
      if (options.json) printJson(describe(metainfo))
      else show(metainfo)
    })
}

/** Reads and checks a `.torrent`; throws a Failure with the field and the reason. */
export async function readMetainfo(path: string): Promise<Metainfo> {
  try {
    return parseMetainfo(await readFile(path))
  } catch (cause) {
    if (cause instanceof MetainfoError) throw new Failure('failure', `${path}: ${cause.message}`, { cause })
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new Failure('notFound', `There is no file ${path}.`, { cause })
    throw new Failure('failure', message, { cause })
  }
}

function describe(metainfo: Metainfo) {
  const { infoHashV1, infoHashV2, name, pieceLengthBytes, fileCount } = metainfo
  return {
    infoHashV1,
    infoHashV2,
    name,
    // What libtorrent calls the size of a torrent: a hybrid's padding is part of its pieces.
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
    webSeeds: metainfo.webSeeds,
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
      `${formatBytes(metainfo.sizeBytes)} (${metainfo.sizeBytes} bytes) in ${metainfo.fileCount} files`,
    ],
    ['pieces', `of ${formatBytes(metainfo.pieceLengthBytes)}`],
    ...(metainfo.private ? [['private', 'yes'] as [string, string]] : []),
    ...metainfo.trackers.map(({ url, tier }): [string, string] => [
      'tracker',
      `${plain(url)} (tier ${tier})`,
    ]),
    ...metainfo.webSeeds.map(({ url, kind }): [string, string] => ['webseed', `${plain(url)} (${kind})`]),
    ...(metainfo.comment ? [['comment', plain(metainfo.comment)] as [string, string]] : []),
  ]
  print(formatTable(rows))
  print()
  for (const file of metainfo.iterateFiles())
    print(`${formatBytes(file.sizeBytes).padStart(9)}  ${plain(file.path.join('/'))}`)
}
