import { type dataset as datasetLexicon, getDataset, getTorrent } from '@holdfast/lexicons'
import { datasetPath } from '@holdfast/lexicons/dataset-path'
import { collections } from '@holdfast/lexicons/nsid'
import { type Citation, citations, citedInfoHashes } from '@holdfast/lexicons/vocabularies/citation'
import { counted } from '@holdfast/runtime/counted'
import { Command, Option } from 'commander'
import { type AnswerOf, type AppView, answerJson } from '../../appview.ts'
import { CommandError } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { formatBytes } from '../../output/quantities.ts'
import { plain, print, printJson, printTable, printText } from '../../output/terminal.ts'
import { parseReadableUri } from '../../records/record-uri.ts'

type DatasetAnswer = AnswerOf<typeof getDataset.main>
type TorrentAnswer = AnswerOf<typeof getTorrent.main>
type TorrentView = TorrentAnswer['torrents'][number]

/** The formats of a citation, by the name that `--cite` takes, with the name that citations give them. */
const forms = {
  apa: 'APA',
  bibtex: 'BibTeX',
  ris: 'RIS',
  'csl-json': 'CSL-JSON',
} as const satisfies Record<string, Citation['format']>

interface Options {
  cite?: keyof typeof forms
  appview?: string
  json?: boolean
}

/** `holdfast show`: shows a dataset with its torrents, or a torrent, as the AppView knows it. */
export function showCommand(connections: Connections): Command {
  return new Command('show')
    .argument('<what>', 'AT-URI, infohash or magnet link')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .addOption(
      new Option('--cite <format>', 'print how to cite this version of the dataset').choices(
        Object.keys(forms),
      ),
    )
    .option('--json', 'print the AppView’s answer as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ holdfast show at://did:plc:…/…/water-levels\n  $ holdfast show 5d41402abc4b2a76b9719d911017c592ae2f0c11\n  $ holdfast show at://did:plc:…/…/water-levels --cite bibtex >> references.bib',
    )
    .action(async (what: string, options: Options) => {
      const appview = await connections.appView(options.appview)
      const answer = await lookUp(appview, what, connections.config.authorities)
      if (options.cite) cite(answer, options.cite, { what, url: appview.url, json: options.json })
      else if (options.json) printJson(answerJson(answer))
      else if ('dataset' in answer) showDataset(answer)
      else for (const torrent of answer.torrents) showTorrent(torrent)
    })
}

/** Prints the citation that the dataset's page shows as well. */
function cite(
  answer: DatasetAnswer | TorrentAnswer,
  form: keyof typeof forms,
  { what, url, json }: { what: string; url: string; json: boolean | undefined },
): void {
  if (!('dataset' in answer))
    throw new CommandError(
      'usage',
      `${what} is not a dataset; only datasets can be cited, so name the torrent’s dataset.`,
    )
  const { dataset, torrents } = answer
  const record = (dataset.mapped ?? dataset.record) as datasetLexicon.Main
  const page = `${url}${datasetPath(dataset.uri)}`
  const made = citations({ uri: dataset.uri, record, url: page, infoHashes: citedInfoHashes(torrents) })
  const { text } = made.find(({ format }) => format === forms[form])!
  if (json) printJson({ format: forms[form], text })
  else printText(text)
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
  print({ style: 'bold', text: plain(String(title ?? '(untitled)')) })
  if (description) printText(`\n${description}\n`)
  const rows: [string, unknown][] = [
    ['by', dataset.author.handle ?? dataset.author.did],
    ['publisher', publisher?.name ?? publisher?.url],
    ['homepage', homepage],
    ['license', license?.spdx ?? license?.url ?? license?.text],
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
    ...byAuthor(dataset, dataset.supersededBy).map((uri): [string, string] => ['superseded by', uri]),
  ]
  printTable(rows.filter(([, value]) => value).map(([name, value]) => [name, plain(String(value))]))
  for (const source of dataset.sourceStatus ?? [])
    print(`source  ${plain(source.url)}: ${plain(source.status)}`)
  for (const describer of dataset.group?.describers ?? [])
    print(
      `also described by ${plain(describer.author.handle ?? describer.author.did)}: ${plain(describer.uri)}`,
    )
  for (const torrent of torrents) showTorrent(torrent)
}

function showTorrent(torrent: TorrentView): void {
  const { swarm, sizeBytes, fileCount, infoHashV1, infoHashV2, magnet, webseeds = [] } = torrent
  const successors = byAuthor(torrent, torrent.supersededBy)
  print()
  const name = plain(torrent.name ?? torrent.uri)
  print({ style: 'bold', text: successors.length > 0 ? `${name} (superseded)` : name })
  const rows: [string, string | undefined][] = [
    [
      'size',
      sizeBytes === undefined
        ? undefined
        : `${formatBytes(sizeBytes)}${fileCount ? ` in ${counted(fileCount, 'file')}` : ''}`,
    ],
    ['swarm', swarm && `${counted(swarm.seeders, 'seeder')}, ${counted(swarm.leechers, 'leecher')}`],
    ['.torrent', torrent.metainfoStatus],
    ['v1', infoHashV1],
    ['v2', infoHashV2],
    ['uri', torrent.uri],
    ...successors.map((uri): [string, string] => ['superseded by', uri]),
    ...webseeds.map(({ url, status, thirdParty }): [string, string] => [
      'webseed',
      `${plain(url)} (${plain(status)}${thirdParty ? ', added by others' : ''})`,
    ]),
    ['magnet', magnet],
  ]
  printTable(rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, plain(value)]])))
}

/** AT-URIs of those records that claim to supersede a record and are by its author; what others claim counts for nothing. */
function byAuthor(
  view: { readonly author: { readonly did: string } },
  claims: readonly { readonly uri: string }[] = [],
): string[] {
  return claims.map(({ uri }) => uri).filter((uri) => uri.startsWith(`at://${view.author.did}/`))
}
