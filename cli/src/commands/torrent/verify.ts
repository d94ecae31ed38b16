import { counted } from '@holdfast/runtime/counted'
import { type FileProblem, type PieceRange, type VerifyReport, verifyFiles } from '@holdfast/torrent/verify'
import { Command, Option } from 'commander'
import { CommandError, exitCodes } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { openTorrent } from '../../content/open-torrent.ts'
import { progressBar } from '../../output/progress-bar.ts'
import { formatBytes } from '../../output/quantities.ts'
import { plain, print, printJson } from '../../output/terminal.ts'

interface Options {
  by?: 'v1' | 'v2' | 'both'
  appview?: string
  json?: boolean
}

/** `holdfast torrent verify`: shows which pieces and files of a torrent are correct on disk. */
export function torrentVerifyCommand(connections: Connections): Command {
  return new Command('verify')
    .description(
      'compare files on disk with a .torrent and list what is bad, missing or extra; exits 1 unless all is correct',
    )
    .argument('<what>', 'the .torrent or its http(s) address, AT-URI, infohash or magnet link')
    .argument('<path>', 'its file or directory, or the directory that contains it')
    .addOption(
      new Option('--by <hashes>', 'which hashes to check').choices(['v1', 'v2', 'both']).default('both'),
    )
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast torrent verify water-levels.torrent ./water-levels
  $ holdfast torrent verify https://example.org/water-levels.torrent ./water-levels
  $ holdfast torrent verify 5d41402abc4b2a76b9719d911017c592ae2f0c11 ./water-levels`,
    )
    .action(async (what: string, path: string, options: Options) => {
      const metainfo = await openTorrent(connections, what, options.appview)
      using bar = progressBar()
      const report = await verifyFiles(
        metainfo,
        path,
        { by: options.by ?? 'both' },
        ({ bytesDone, bytesTotal }) =>
          bar.update({ label: metainfo.name, done: bytesDone, total: bytesTotal, unit: 'bytes' }),
      ).catch((cause) => {
        throw new CommandError('failure', (cause as Error).message, { cause })
      })
      bar[Symbol.dispose]()
      if (options.json) printJson(report)
      else show(report)
      if (!report.ok) process.exitCode = exitCodes.failure
    })
}

const words: Record<FileProblem['problem'], string> = {
  missing: 'missing',
  kind: 'not a file, or not a symlink where the torrent has one',
  unreadable: 'cannot be read',
  target: 'a symlink that leads elsewhere',
  size: 'wrong size',
  bad: 'bad',
  unverifiable: 'cannot be checked, because its pieces are shared with a file that is missing or cut short',
}

function show(report: VerifyReport): void {
  for (const { path, problem, expectedBytes, actualBytes, badPieces } of report.problems) {
    const sizes =
      problem === 'size' ? ` (${formatBytes(actualBytes ?? 0)} instead of ${formatBytes(expectedBytes)})` : ''
    const pieces = problem === 'bad' ? ` (pieces ${formatRanges(badPieces)})` : ''
    print(`${words[problem]}: ${plain(path)}${sizes}${pieces}`)
  }
  for (const path of report.extra) print(`extra: ${plain(path)}`)
  for (const { path } of report.otherForms)
    print(`named in another Unicode form here, which BitTorrent clients may not find: ${plain(path)}`)
  print(
    report.ok
      ? `All correct: ${counted(report.pieceCount, 'piece')} of ${counted(report.fileCount, 'file')}.`
      : `${report.problems.length} of ${counted(report.fileCount, 'file')} not correct; ${report.badPieceCount} of ${counted(report.pieceCount, 'piece')} bad or missing.`,
  )
}

function formatRanges(ranges: readonly PieceRange[]): string {
  const shown = ranges
    .slice(0, 10)
    .map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`))
  return ranges.length > 10 ? `${shown.join(', ')}, …` : shown.join(', ')
}
