import { type FileProblem, type PieceRange, type VerifyReport, verifyFiles } from '@holdfast/torrent/verify'
import { Command, Option } from 'commander'
import { exitCodes, Failure } from '../../failure.ts'
import { progressBar } from '../../output/progress-bar.ts'
import { formatBytes } from '../../output/quantities.ts'
import { plain, print, printJson } from '../../output/terminal.ts'
import { readMetainfo } from './inspect.ts'

interface Options {
  by?: 'v1' | 'v2' | 'both'
  json?: boolean
}

/** `holdfast torrent verify`: which pieces and files of a torrent are right on disk. */
export function torrentVerifyCommand(): Command {
  return new Command('verify')
    .description(
      'compare files on disk with a .torrent: what is bad, missing or extra; exits 1 unless all is right',
    )
    .argument('<file>', 'the .torrent')
    .argument('<path>', 'its file or directory, or the directory that is in')
    .addOption(
      new Option('--by <hashes>', 'which hashes to check').choices(['v1', 'v2', 'both']).default('both'),
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ holdfast torrent verify water-levels.torrent ./water-levels')
    .action(async (file: string, path: string, options: Options) => {
      const metainfo = await readMetainfo(file)
      using bar = progressBar()
      const report = await verifyFiles(
        metainfo,
        path,
        { by: options.by ?? 'both' },
        ({ bytesDone, bytesTotal }) =>
          bar.update({ label: metainfo.name, done: bytesDone, total: bytesTotal, unit: 'bytes' }),
      ).catch((cause) => {
        throw new Failure('failure', (cause as Error).message, { cause })
      })
      bar[Symbol.dispose]()
      if (options.json) printJson(report)
      else show(report)
      if (!report.ok) process.exitCode = exitCodes.failure
    })
}

const words: Record<FileProblem['problem'], string> = {
  missing: 'missing',
  size: 'wrong size',
  bad: 'bad',
  unverifiable: 'cannot be told',
}

function show(report: VerifyReport): void {
  for (const { path, problem, expectedBytes, actualBytes, badPieces } of report.problems) {
    const sizes =
      problem === 'size' ? ` (${formatBytes(actualBytes ?? 0)} of ${formatBytes(expectedBytes)})` : ''
    const pieces = problem === 'bad' ? ` (pieces ${formatRanges(badPieces)})` : ''
    print(`${words[problem]}: ${plain(path)}${sizes}${pieces}`)
  }
  for (const path of report.extra) print(`extra: ${plain(path)}`)
  print(
    report.ok
      ? `All ${report.pieceCount} pieces of ${report.fileCount} files are right.`
      : `${report.problems.length} of ${report.fileCount} files are not right; ${report.badPieceCount} of ${report.pieceCount} pieces are bad or missing.`,
  )
}

function formatRanges(ranges: readonly PieceRange[]): string {
  const shown = ranges
    .slice(0, 10)
    .map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`))
  return ranges.length > 10 ? `${shown.join(', ')}, …` : shown.join(', ')
}
