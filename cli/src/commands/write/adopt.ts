import { Command } from 'commander'
import { CommandError } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { fetchPublished, type Published, type PublishedTorrent } from '../../content/adoption.ts'
import { print, printJson } from '../../output/terminal.ts'
import { describeNotes } from '../../publish/merge-notes.ts'
import { putDataset, type Statement, type WrittenDataset } from '../../publish/put-dataset.ts'
import { factsOf, putTorrent, saidOf } from '../../publish/put-torrent.ts'
import type { Written } from '../../records/put-guarded.ts'
import type { RecordJson, RecordRef, Repo } from '../../records/repo.ts'

interface Options {
  torrents: boolean
  replaceFields?: boolean
  account?: string
  appview?: string
  json?: boolean
}

/** `holdfast adopt`: republishes what somebody else published, in one's own repo and with attribution. */
export function adoptCommand(connections: Connections): Command {
  return new Command('adopt')
    .argument('<at-uri>', 'the dataset or torrent')
    .option('--no-torrents', 'adopt the dataset without its torrents')
    .option('--replace-fields', 'replace every field with theirs, including fields you changed')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--appview <url>', 'AppView to ask if the author’s server is gone (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The records, the .torrent files and long descriptions are copied, so that an account that goes away silences nothing.
Who made the data and who described it first stays in the record (adoptedFrom). Run again to take over later changes;
what you changed by edit stays.

Example:
  $ holdfast adopt at://did:plc:…/…/water-levels`,
    )
    .action(async (uri: string, options: Options) => {
      const { repo } = await connections.signIn(options.account)
      if (uri.startsWith(`at://${repo.did}/`))
        throw new CommandError(
          'usage',
          `${uri} is your own record; only other people’s records can be adopted.`,
        )
      const published = await fetchPublished(connections, uri, options.appview)
      const { replaceFields } = options
      const statement: Statement = { source: 'adopt', states: await connections.states(), replaceFields }
      const dataset = await adoptDataset(repo, published, statement)
      const torrents: Written[] = []
      for (const torrent of options.torrents || !dataset ? published.torrents : [])
        torrents.push(await adoptTorrent(repo, torrent, { dataset, statement }))
      if (options.json) printJson({ ...(dataset && { dataset }), torrents })
      else
        for (const { uri: own, action } of [...(dataset ? [dataset] : []), ...torrents])
          print(`${own} (${action})`)
      if (!options.json && dataset) for (const line of describeNotes(dataset, 'their record')) print(line)
    })
}

async function adoptDataset(
  repo: Repo,
  { dataset }: Published,
  statement: Statement,
): Promise<WrittenDataset | undefined> {
  if (!dataset) return undefined
  const { $type: _type, createdAt: _createdAt, descriptionBlob: _blob, ...record } = dataset.value
  const draft = {
    record: { ...record, adoptedFrom: { uri: dataset.uri, cid: dataset.cid } },
    rkey: dataset.uri.split('/').at(-1),
    descriptionMarkdown: dataset.description && Buffer.from(dataset.description).toString('utf8'),
    // A record in which the owner described the same data must not be overwritten by somebody else's.
    isSame: (existing: RecordJson) => (existing.adoptedFrom as RecordRef | undefined)?.uri === dataset.uri,
  }
  return putDataset(repo, draft, statement)
}

async function adoptTorrent(
  repo: Repo,
  { uri, cid, value, metainfo }: PublishedTorrent,
  { dataset, statement }: { dataset: Written | undefined; statement: Statement },
): Promise<Written> {
  const about = Object.fromEntries(
    ['parts', 'method', 'tool', 'captured', 'formats', 'labels', 'supersedes'].flatMap((field) =>
      value[field] === undefined ? [] : [[field, value[field]]],
    ),
  )
  const trackers = (value.trackers ?? []) as { url: string; tier: number }[]
  const webseeds = (value.webseeds ?? []) as { url: string; kind: string }[]
  const draft = {
    ...factsOf(metainfo),
    metainfo: metainfo.bytes,
    metainfoUrls: [],
    datasets: [...((value.datasets ?? []) as RecordRef[]), ...(dataset ? [dataset] : [])],
    trackers,
    webseeds,
    about: { ...about, adoptedFrom: { uri, cid } },
    keepExisting: (existing: RecordJson) => (existing.adoptedFrom as RecordRef | undefined)?.uri !== uri,
  }
  const written = await putTorrent(repo, draft, statement)
  await statement.states.remember(written.uri, statement.source, { ...saidOf(draft), ...draft.about })
  return written
}
