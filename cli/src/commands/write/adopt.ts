import { Command } from 'commander'
import type { Connections } from '../../connections.ts'
import { fetchPublished, type Published, type PublishedTorrent } from '../../content/adoption.ts'
import { Failure } from '../../failure.ts'
import { print, printJson } from '../../output/terminal.ts'
import { putDataset } from '../../publish/put-dataset.ts'
import { putTorrent } from '../../publish/put-torrent.ts'
import type { Written } from '../../records/put-guarded.ts'
import type { RecordRef, Repo } from '../../records/repo.ts'

interface Options {
  torrents: boolean
  account?: string
  appview?: string
  json?: boolean
}

/** `holdfast adopt`: carries on what somebody else published, in one's own repo and with attribution. */
export function adoptCommand(connections: Connections): Command {
  return new Command('adopt')
    .description(
      'republish somebody’s dataset with its torrents, or a torrent, in your own repo, saying whose it was',
    )
    .argument('<at-uri>', 'the dataset or torrent')
    .option('--no-torrents', 'the dataset alone')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--appview <url>', 'AppView to ask where the author’s server is gone (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The records, the .torrent files and long descriptions are copied, so that an account that goes away silences nothing.
Who made the data and who described it first stays in the record (adoptedFrom). Run again to take over later changes.

Example:
  $ holdfast adopt at://did:plc:…/…/water-levels`,
    )
    .action(async (uri: string, options: Options) => {
      const { repo } = await connections.signIn(options.account)
      if (uri.startsWith(`at://${repo.did}/`)) throw new Failure('usage', `${uri} is your own.`)
      const published = await fetchPublished(connections, uri, options.appview)
      const dataset = await adoptDataset(repo, published)
      const torrents: Written[] = []
      for (const torrent of options.torrents || !dataset ? published.torrents : [])
        torrents.push(await adoptTorrent(repo, torrent, dataset))
      if (options.json) printJson({ ...(dataset && { dataset }), torrents })
      else
        for (const { uri: own, action } of [...(dataset ? [dataset] : []), ...torrents])
          print(`${own} (${action})`)
    })
}

async function adoptDataset(repo: Repo, { dataset }: Published): Promise<Written | undefined> {
  if (!dataset) return undefined
  const { $type: _type, createdAt: _createdAt, descriptionBlob: _blob, ...record } = dataset.value
  return putDataset(repo, {
    record: { ...record, adoptedFrom: { uri: dataset.uri, cid: dataset.cid } },
    rkey: dataset.uri.split('/').at(-1),
    descriptionMarkdown: dataset.description && Buffer.from(dataset.description).toString('utf8'),
    // One's own description of the same data is not to be overwritten by somebody else's.
    isSame: (existing) => (existing.adoptedFrom as RecordRef | undefined)?.uri === dataset.uri,
  })
}

async function adoptTorrent(
  repo: Repo,
  { uri, cid, value, metainfo }: PublishedTorrent,
  dataset: Written | undefined,
): Promise<Written> {
  const about = Object.fromEntries(
    ['parts', 'method', 'tool', 'captured', 'formats', 'labels', 'supersedes'].flatMap((field) =>
      value[field] === undefined ? [] : [[field, value[field]]],
    ),
  )
  return putTorrent(repo, {
    infoHashV1: metainfo.infoHashV1,
    infoHashV2: metainfo.infoHashV2,
    name: metainfo.name,
    sizeBytes: metainfo.sizeBytes,
    pieceLengthBytes: metainfo.pieceLengthBytes,
    fileCount: metainfo.fileCount,
    metainfo: metainfo.bytes,
    metainfoUrls: [],
    datasets: [...((value.datasets ?? []) as RecordRef[]), ...(dataset ? [dataset] : [])],
    trackers: (value.trackers ?? []) as { url: string; tier: number }[],
    webSeeds: (value.webSeeds ?? []) as { url: string; kind: string }[],
    about: { ...about, adoptedFrom: { uri, cid } },
    isCopy: true,
    keepExisting: (existing) => (existing.adoptedFrom as RecordRef | undefined)?.uri !== uri,
  })
}
