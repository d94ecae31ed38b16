import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { formatMagnet } from '@holdfast/torrent/magnet'
import type { Metainfo } from '@holdfast/torrent/metainfo'
import { Command, Option } from 'commander'
import type { Connections } from '../../connections.ts'
import { downloadFromWebSeeds } from '../../content/download.ts'
import { type FoundMetainfo, findMetainfo } from '../../content/find-metainfo.ts'
import { clients, type TorrentClient } from '../../content/torrent-clients.ts'
import { Failure } from '../../failure.ts'
import { progressBar } from '../../output/progress-bar.ts'
import { formatBytes } from '../../output/quantities.ts'
import { note, plain, print, printJson } from '../../output/terminal.ts'

interface Options {
  output?: string
  magnet?: boolean
  with?: TorrentClient
  http?: boolean
  webseed?: string[]
  appview?: string
  json?: boolean
}

/** `holdfast get`: the .torrent, a magnet link, a client that downloads it, or the files over HTTP. */
export function getCommand(connections: Connections): Command {
  return new Command('get')
    .description('get a dataset’s torrents: the .torrent, a magnet link, or the files themselves')
    .argument('<what>', 'AT-URI of a dataset or torrent, infohash, magnet link or .torrent')
    .option('-o, --output <path>', 'directory for the result (default: here)')
    .option('--magnet', 'print the magnet link')
    .addOption(new Option('--with <client>', 'hand over to this client').choices(Object.keys(clients)))
    .option('--http', 'download the files from webseeds, every piece checked; goes on where it stopped')
    .option(
      '--webseed <url>',
      'use this webseed too; may be repeated',
      (url: string, before: string[] = []) => [...before, url],
    )
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast get at://did:plc:…/…/water-levels
  $ holdfast get 5d41402abc4b2a76b9719d911017c592ae2f0c11 --magnet
  $ holdfast get at://did:plc:…/…/water-levels --with aria2 -o ./data
  $ holdfast get at://did:plc:…/…/water-levels --http -o ./data`,
    )
    .action(async (what: string, options: Options) => {
      const found = await findMetainfo(connections, what, options.appview)
      const results = []
      for (const item of found) results.push(await getOne(connections, item, options))
      if (options.json) printJson({ torrents: results })
    })
}

async function getOne(connections: Connections, { metainfo, uri }: FoundMetainfo, options: Options) {
  const directory = options.output ?? '.'
  const magnet = magnetOf(metainfo)
  const known = {
    uri,
    name: metainfo.name,
    infoHashV1: metainfo.infoHashV1,
    infoHashV2: metainfo.infoHashV2,
    magnet,
  }
  if (options.magnet) {
    if (!options.json) print(magnet)
    return known
  }
  if (options.http) return { ...known, ...(await download(connections, metainfo, { ...options, directory })) }
  const file = join(directory, `${metainfo.name}.torrent`)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, metainfo.bytes)
  if (options.with) await handOver(options.with, file, directory)
  else if (!options.json) print(file)
  return { ...known, file }
}

function magnetOf(metainfo: Metainfo): string {
  const { infoHashV1, infoHashV2, name, sizeBytes, trackers, webSeeds } = metainfo
  return formatMagnet({
    infoHashV1,
    infoHashV2,
    name,
    sizeBytes,
    trackers: trackers.map(({ url }) => url),
    webSeeds: webSeeds.filter(({ kind }) => kind === 'bep19').map(({ url }) => url),
  })
}

async function download(
  connections: Connections,
  metainfo: Metainfo,
  options: Options & { directory: string },
) {
  const extra = (options.webseed ?? []).map((url) => ({ url, kind: 'bep19' as const }))
  const seeds = [...extra, ...metainfo.webSeeds]
  if (seeds.length === 0)
    throw new Failure(
      'notFound',
      `${plain(metainfo.name)} has no webseed; use a BitTorrent client (--with) or name one with --webseed.`,
    )
  const fetch = await connections.strangerFetch({ timeoutMs: 600_000, maxBytes: Number.MAX_SAFE_INTEGER })
  const stop = new AbortController()
  const interrupt = () => stop.abort(new Failure('interrupted', 'Stopped; run the same command to go on.'))
  process.once('SIGINT', interrupt)
  using bar = progressBar()
  try {
    const done = await downloadFromWebSeeds(metainfo, {
      directory: options.directory,
      seeds,
      fetch,
      signal: stop.signal,
      onProgress: ({ phase, bytesDone, bytesTotal }) =>
        bar.update({
          label: `${metainfo.name}${phase === 'check' ? ': checking' : ''}`,
          done: bytesDone,
          total: bytesTotal,
          unit: 'bytes',
        }),
    })
    bar[Symbol.dispose]()
    if (!options.json)
      print(
        `${done.path}: ${formatBytes(done.downloadedBytes)} downloaded, ${formatBytes(done.keptBytes)} were here; every piece is right.`,
      )
    return done
  } finally {
    process.off('SIGINT', interrupt)
  }
}

async function handOver(client: TorrentClient, file: string, directory: string): Promise<void> {
  const [command, ...args] = clients[client](file, directory)
  note(`Running ${command} ${args.join(' ')}`)
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const child = spawn(command!, args, { stdio: 'inherit' })
  child.on('error', (cause) =>
    reject(
      new Failure('notFound', `${command} could not be run (${cause.message}); is it installed?`, { cause }),
    ),
  )
  child.on('exit', (code) => resolve(code ?? 1))
  const code = await promise
  if (code !== 0) throw new Failure('failure', `${command} ended with ${code}.`)
}
