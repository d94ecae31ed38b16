import { counted } from '@holdfast/runtime/counted'
import type { Metainfo, Webseed } from '@holdfast/torrent/metainfo'
import { checkWebseed, type WebseedReport } from '@holdfast/torrent/webseed'
import { Command } from 'commander'
import { CommandError, exitCodes } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { findMetainfo } from '../../content/find-metainfo.ts'
import { progressBar } from '../../output/progress-bar.ts'
import { plain, print, printJson } from '../../output/terminal.ts'

interface Options {
  all?: boolean
  pieces?: number
  httpseed?: boolean
  appview?: string
  json?: boolean
}

/** `holdfast webseed check`: checks whether an HTTP server has a torrent's bytes. */
export function webseedCheckCommand(connections: Connections): Command {
  return new Command('check')
    .description('fetch pieces from a webseed and compare their hashes; exits 1 if any is wrong')
    .argument('<what>', '.torrent or its http(s) address, AT-URI, infohash or magnet link')
    .argument('[url]', 'the webseed (default: those the .torrent names)')
    .option('--pieces <n>', 'how many pieces to try, spread over the torrent (default 8)', whole)
    .option('--all', 'every piece')
    .option('--httpseed', 'the address speaks BEP 17 rather than BEP 19')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast webseed check water-levels.torrent https://example.org/files/ --all
  $ holdfast webseed check https://example.org/water-levels.torrent`,
    )
    .action(async (what: string, url: string | undefined, options: Options) => {
      const found = await findMetainfo(connections, what, options.appview)
      const results = []
      for (const { metainfo } of found) {
        const seeds = url ? [webseedAt(url, options.httpseed)] : metainfo.webseeds
        if (seeds.length === 0)
          throw new CommandError(
            'usage',
            `${plain(metainfo.name)} lists no webseed; give an address to check.`,
          )
        for (const seed of seeds) {
          const report = await checkSeed(connections, metainfo, {
            seed,
            pieces: options.all ? 'all' : (options.pieces ?? 8),
          })
          if (!options.json) show(seed, report)
          results.push({ url: seed.url, kind: seed.kind, name: metainfo.name, ...report })
        }
      }
      if (options.json) printJson({ webseeds: results })
      if (results.some(({ ok }) => !ok)) process.exitCode = exitCodes.failure
    })
}

export function webseedAt(url: string, isHttpseed = false): Webseed {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new CommandError('usage', `${url} is not a webseed address; give an http:// or https:// address.`)
  return { url, kind: isHttpseed ? 'bep17' : 'bep19' }
}

/** Checks pieces of a webseed and shows a progress bar. */
export async function checkSeed(
  connections: Connections,
  metainfo: Metainfo,
  { seed, pieces }: { seed: Webseed; pieces: number | 'all' },
): Promise<WebseedReport> {
  using bar = progressBar()
  const fetch = await connections.strangerFetch({ timeoutMs: 120_000, maxBytes: Number.MAX_SAFE_INTEGER })
  const pieceCount = Math.ceil(metainfo.paddedSizeBytes / metainfo.pieceLengthBytes)
  const total = pieces === 'all' ? pieceCount : Math.min(pieces, pieceCount)
  let done = 0
  return checkWebseed(metainfo, seed, fetch, {
    pieces,
    onPiece: () => bar.update({ label: seed.url, done: ++done, total, unit: 'items' }),
  })
}

function show(seed: Webseed, report: WebseedReport): void {
  const verdict = report.ok ? 'right' : `${report.badPieceCount} wrong`
  print(
    `${plain(seed.url)}: ${report.checkedPieces} of ${counted(report.pieceCount, 'piece')} checked, ${verdict}`,
  )
  for (const { piece, problem } of report.badPieces.slice(0, 10))
    print(`  piece ${piece}: ${plain(problem ?? '')}`)
}

function whole(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new CommandError(
    'usage',
    `--pieces is ${JSON.stringify(text)}; give a whole number of at least 1, or --all.`,
  )
}
