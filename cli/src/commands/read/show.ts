import { type dataset as datasetLexicon, getDataset, getTorrent } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { Command } from 'commander'
import { type AnswerOf, type AppView, answerJson } from '../../appview.ts'
import type { Connections } from '../../connections.ts'
import { formatBytes } from '../../output/quantities.ts'
import { formatTable } from '../../output/table.ts'
import { paint, plain, print, printJson } from '../../output/terminal.ts'
import { parseReadableUri } from '../../records/record-uri.ts'

type DatasetAnswer = AnswerOf<typeof getDataset.main>
type TorrentAnswer = AnswerOf<typeof getTorrent.main>
type TorrentView = TorrentAnswer['torrents'][number]

/** `holdfast show`: a dataset with its torrents, or a torrent, as the AppView knows it. */
export function showCommand(connections: Connections): Command {
  return new Command('show')
    .description('show a dataset with its torrents, or a torrent by AT-URI, infohash or magnet link')
    .argument('<what>', 'AT-URI, infohash or magnet link')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON, as the AppView answers')
    .addHelpText(
      'after',
      '\nExamples:\n  $ holdfast show at://did:plc:…/…/water-levels\n  $ holdfast show 5d41402abc4b2a76b9719d911017c592ae2f0c11',
    )
    .action(async (what: string, options: { appview?: string; json?: boolean }) => {
      const appview = await connections.appView(options.appview)
      const answer = await lookUp(appview, what, connections.config.authorities)
      if (options.json) printJson(answerJson(answer))
      else if ('dataset' in answer) showDataset(answer)
      else for (const torrent of answer.torrents) showTorrent(torrent)
    })
}

async function lookUp(
  appview: AppView,
  what: string,
  authorities: Connections['config']['authorities'],
): Promise<DatasetAnswer | TorrentAnswer> {
  if (!what.startsWith('at://')) return appview.query(getTorrent, { infoHash: what })
  const { collection } = parseReadableUri(what, authorities)
  return collection === collections.torrent
    ? appview.query(getTorrent, { uri: what })
    : appview.query(getDataset, { uri: what })
}

function showDataset({ dataset, torrents }: DatasetAnswer): void {
  const record = (dataset.mapped ?? dataset.record) as Partial<datasetLexicon.Main>
  const { title, description, homepage, license, publisher, issued, modified, risk, scarcity } = record
  print(paint('bold', plain(String(title ?? '(untitled)'))))
  if (description) print(`\n${String(description).split('\n').map(plain).join('\n')}\n`)
  const rows: [string, unknown][] = [
    ['by', dataset.author.handle ?? dataset.author.did],
    ['publisher', publisher?.name ?? publisher?.url],
    ['homepage', homepage],
    ['licence', license?.spdx ?? license?.url ?? license?.text],
    ['issued', issued],
    ['modified', modified],
    [
      'risk',
      risk &&
        [risk.level, risk.expectedGone && `expected gone ${risk.expectedGone}`].filter(Boolean).join(', '),
    ],
    ['scarcity', scarcity],
    ['status', dataset.status],
    ['uri', dataset.uri],
  ]
  print(formatTable(rows.filter(([, value]) => value).map(([name, value]) => [name, plain(String(value))])))
  for (const source of dataset.sourceStatus ?? [])
    print(`source  ${plain(source.url)}: ${plain(source.status)}`)
  for (const describer of dataset.group?.describers ?? [])
    print(`also described by ${plain(describer.author.handle ?? describer.author.did)}: ${describer.uri}`)
  for (const torrent of torrents) showTorrent(torrent)
}

function showTorrent(torrent: TorrentView): void {
  const { swarm, sizeBytes, fileCount, infoHashV1, infoHashV2, magnet, webSeeds = [] } = torrent
  print(`\n${paint('bold', plain(torrent.name ?? torrent.uri))}`)
  const rows: [string, string | undefined][] = [
    [
      'size',
      sizeBytes === undefined
        ? undefined
        : `${formatBytes(sizeBytes)}${fileCount ? ` in ${fileCount} files` : ''}`,
    ],
    ['swarm', swarm && `${swarm.seeders ?? '?'} seeders, ${swarm.leechers ?? '?'} leechers`],
    ['.torrent', torrent.metainfoStatus],
    ['v1', infoHashV1],
    ['v2', infoHashV2],
    ['uri', torrent.uri],
    ...webSeeds.map(({ url, status, thirdParty }): [string, string] => [
      'webseed',
      `${plain(url)} (${plain(status)}${thirdParty ? ', added by others' : ''})`,
    ]),
    ['magnet', magnet],
  ]
  print(formatTable(rows.filter((row): row is [string, string] => row[1] !== undefined)))
}
