import type { Metainfo, WebSeed } from '@holdfast/torrent/metainfo'
import { checkWebSeed, type WebSeedReport } from '@holdfast/torrent/webseed'
import { Command } from 'commander'
import type { Connections } from '../../connections.ts'
import { findMetainfo } from '../../content/find-metainfo.ts'
import { exitCodes, Failure } from '../../failure.ts'
import { progressBar } from '../../output/progress-bar.ts'
import { plain, print, printJson } from '../../output/terminal.ts'

interface Options {
  all?: boolean
  pieces?: number
  httpseed?: boolean
  appview?: string
  json?: boolean
}

/** `holdfast webseed check`: whether an HTTP server has a torrent's bytes. */
export function webseedCheckCommand(connections: Connections): Command {
  return new Command('check')
    .description('ask a webseed for pieces and compare their hashes; exits 1 if any is wrong')
    .argument('<what>', '.torrent, AT-URI, infohash or magnet link')
    .argument('[url]', 'the webseed (default: those the .torrent names)')
    .option('--pieces <n>', 'how many pieces to try, spread over the torrent (default 8)', whole)
    .option('--all', 'every piece')
    .option('--httpseed', 'the address speaks BEP 17 rather than BEP 19')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ holdfast webseed check water-levels.torrent https://example.org/files/ --all',
    )
    .action(async (what: string, url: string | undefined, options: Options) => {
      const found = await findMetainfo(connections, what, options.appview)
      const results = []
      for (const { metainfo } of found) {
        const seeds = url ? [webSeedAt(url, options.httpseed)] : metainfo.webSeeds
        if (seeds.length === 0)
          throw new Failure('usage', `${plain(metainfo.name)} names no webseed; give an address to check.`)
        for (const seed of seeds) {
          const report = await checkSeed(connections, metainfo, {
            seed,
            pieces: options.all ? 'all' : (options.pieces ?? 8),
          })
          if (!options.json) show(seed, report)
          results.push({ url: seed.url, kind: seed.kind, name: metainfo.name, ...report })
        }
      }
      if (options.json) printJson({ webSeeds: results })
      if (results.some(({ ok }) => !ok)) process.exitCode = exitCodes.failure
    })
}

export function webSeedAt(url: string, isHttpseed = false): WebSeed {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new Failure('usage', `${url} is no webseed; give an http:// or https:// address.`)
  return { url, kind: isHttpseed ? 'bep17' : 'bep19' }
}

/** Checks pieces of a webseed, with a bar. */
export async function checkSeed(
  connections: Connections,
  metainfo: Metainfo,
  { seed, pieces }: { seed: WebSeed; pieces: number | 'all' },
): Promise<WebSeedReport> {
  using bar = progressBar()
  const fetch = await connections.strangerFetch({ timeoutMs: 120_000, maxBytes: Number.MAX_SAFE_INTEGER })
  const pieceCount = Math.ceil(metainfo.paddedSizeBytes / metainfo.pieceLengthBytes)
  const total = pieces === 'all' ? pieceCount : Math.min(pieces, pieceCount)
  let done = 0
  return checkWebSeed(metainfo, seed, fetch, {
    pieces,
    onPiece: () => bar.update({ label: seed.url, done: ++done, total, unit: 'items' }),
  })
}

function show(seed: WebSeed, report: WebSeedReport): void {
  const verdict = report.ok ? 'right' : `${report.badPieceCount} wrong`
  print(`${plain(seed.url)}: ${report.checkedPieces} of ${report.pieceCount} pieces checked, ${verdict}`)
  for (const { piece, problem } of report.badPieces.slice(0, 10))
    print(`  piece ${piece}: ${plain(problem ?? '')}`)
}

function whole(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new Failure('usage', `--pieces is ${JSON.stringify(text)}; give a whole number from 1, or --all.`)
}
