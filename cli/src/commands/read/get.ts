import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { formatMagnet } from '@holdfast/torrent/magnet'
import type { Metainfo } from '@holdfast/torrent/metainfo'
import { Command, Option } from 'commander'
import { CommandError } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { downloadFromWebseeds } from '../../content/download.ts'
import { type FoundMetainfo, findMetainfo } from '../../content/find-metainfo.ts'
import { clients, type TorrentClient } from '../../content/torrent-clients.ts'
import { fileName } from '../../files/save.ts'
import { saveTorrent, shortHash } from '../../files/save-torrent.ts'
import { onInterruption } from '../../interruption.ts'
import { progressBar } from '../../output/progress-bar.ts'
import { formatBytes } from '../../output/quantities.ts'
import { note, plain, print, printJson } from '../../output/terminal.ts'

interface Options {
  output?: string
  magnet?: boolean
  with?: TorrentClient
  http?: boolean
  overwrite?: boolean
  swarm?: boolean
  webseed?: string[]
  appview?: string
  json?: boolean
}

/** `holdfast get`: gets the .torrent, a magnet link, a download in a BitTorrent client, or the files over HTTP. */
export function getCommand(connections: Connections): Command {
  return new Command('get')
    .argument(
      '<what>',
      'AT-URI of a dataset or torrent, infohash, magnet link, or a .torrent or its http(s) address',
    )
    .option('-o, --output <path>', 'directory for the result (default: the current one)')
    .option('--magnet', 'print the magnet link')
    .addOption(
      new Option('--with <client>', 'download with this BitTorrent client').choices(Object.keys(clients)),
    )
    .option('--http', 'download the files from webseeds and check every piece; run it again to resume')
    .option('--overwrite', 'replace existing files whose content is not the torrent’s')
    .option(
      '--webseed <url>',
      'use this webseed too; may be repeated',
      (url: string, before: string[] = []) => [...before, url],
    )
    .option('--swarm', 'if no server has the .torrent, ask the swarm for it, through aria2 (BEP 9)')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
What is there already stays: --http fetches into a .part, moves files to their places when they are whole, and
refuses before it begins where another file has one of their names. Several torrents of one name go into directories
of their own.

Examples:
  $ holdfast get at://did:plc:…/…/water-levels
  $ holdfast get 5d41402abc4b2a76b9719d911017c592ae2f0c11 --magnet
  $ holdfast get 'magnet:?xt=urn:btih:5d41402abc4b2a76b9719d911017c592ae2f0c11' -o ./torrents --swarm
  $ holdfast get https://example.org/water-levels.torrent --http -o ./data
  $ holdfast get at://did:plc:…/…/water-levels --with aria2 -o ./data
  $ holdfast get at://did:plc:…/…/water-levels --http -o ./data`,
    )
    .action(async (what: string, options: Options) => {
      const found = await findMetainfo(connections, what, options.appview, { swarm: options.swarm ?? false })
      const results = []
      for (const item of found) {
        const shares = found.some((other) => other !== item && sameName(other.metainfo, item.metainfo))
        results.push(await getOne(connections, item, { ...options, sharesName: shares }))
      }
      if (options.json) printJson({ torrents: results })
    })
}

/** Whether the files of two torrents would get the same path on some file system. */
function sameName(a: Metainfo, b: Metainfo): boolean {
  const [nameOfA, nameOfB] = [a, b].map(({ name }) => name.normalize('NFC').toLowerCase())
  return nameOfA === nameOfB
}

interface GetOptions extends Options {
  /** Whether another torrent of this run has the same name. */
  readonly sharesName: boolean
}

async function getOne(connections: Connections, { metainfo, uri }: FoundMetainfo, options: GetOptions) {
  const output = options.output ?? '.'
  // The name is kept, because clients look for the files under it.
  const directory = options.sharesName ? join(output, shortHash(metainfo)) : output
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
  const ending = options.sharesName ? `.${shortHash(metainfo)}.torrent` : '.torrent'
  const { infoHashV1, infoHashV2, name, bytes } = metainfo
  const { file, saved } = await saveTorrent(
    join(output, fileName(name, ending)),
    { infoHashV1, infoHashV2, name, chunks: () => [bytes] },
    { overwrites: options.overwrite ?? false },
  )
  if (options.with) {
    await mkdir(directory, { recursive: true })
    await handOver(options.with, file, directory)
  } else if (!options.json) print(file)
  return { ...known, file, saved }
}

function magnetOf(metainfo: Metainfo): string {
  const { infoHashV1, infoHashV2, name, sizeBytes, trackers, webseeds } = metainfo
  return formatMagnet({
    infoHashV1,
    infoHashV2,
    name,
    sizeBytes,
    trackers: trackers.map(({ url }) => url),
    webseeds: webseeds.filter(({ kind }) => kind === 'bep19').map(({ url }) => url),
  })
}

async function download(
  connections: Connections,
  metainfo: Metainfo,
  options: Options & { directory: string },
) {
  const extra = (options.webseed ?? []).map((url) => ({ url, kind: 'bep19' as const }))
  const seeds = [...extra, ...metainfo.webseeds]
  if (seeds.length === 0)
    throw new CommandError(
      'notFound',
      `${plain(metainfo.name)} has no webseed; use a BitTorrent client (--with) or name one with --webseed.`,
    )
  const fetch = await connections.strangerFetch({ timeoutMs: 600_000, maxBytes: Number.MAX_SAFE_INTEGER })
  using interruption = onInterruption('Stopped; run the same command again to resume.', ['SIGINT'])
  using bar = progressBar()
  const done = await downloadFromWebseeds(metainfo, {
    directory: options.directory,
    overwrites: options.overwrite ?? false,
    seeds,
    fetch,
    signal: interruption.signal,
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
      `${done.path}: ${formatBytes(done.downloadedBytes)} downloaded, ${formatBytes(done.keptBytes)} already here; every piece is correct.`,
    )
  return done
}

async function handOver(client: TorrentClient, file: string, directory: string): Promise<void> {
  const [command, ...args] = clients[client](file, directory)
  note(`Running ${command} ${args.join(' ')}`)
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const child = spawn(command!, args, { stdio: 'inherit' })
  child.on('error', (cause) =>
    reject(
      new CommandError('notFound', `${command} could not be run (${cause.message}); is it installed?`, {
        cause,
      }),
    ),
  )
  child.on('exit', (code) => resolve(code ?? 1))
  const code = await promise
  if (code !== 0) throw new CommandError('failure', `${command} failed with exit code ${code}.`)
}
