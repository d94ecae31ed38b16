import { collections } from '@holdfast/lexicons/nsid'
import { counted } from '@holdfast/runtime/counted'
import { Command } from 'commander'
import { CommandError } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { confirm } from '../../output/prompt.ts'
import { plain, print, printJson, tell } from '../../output/terminal.ts'
import { parseRecordUri } from '../../records/record-uri.ts'
import type { RecordPlace, RecordRef, Repo, StoredRecord } from '../../records/repo.ts'

interface Options {
  torrents?: boolean
  yes?: boolean
  account?: string
  json?: boolean
}

/** `holdfast delete`: deletes one's own records from one's repo, after asking. */
export function deleteCommand(connections: Connections): Command {
  return new Command('delete')
    .argument('<at-uri...>', 'the records')
    .option(
      '--torrents',
      'for a dataset, also delete your torrents that contain nothing else (asked if not given)',
    )
    .option('--no-torrents', 'for a dataset, keep its torrents')
    .option('-y, --yes', 'do not ask')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ holdfast delete at://did:plc:…/…/water-levels --torrents')
    .action(async (uris: string[], options: Options) => {
      const { repo, handle } = await connections.signIn(options.account)
      const named: Doomed[] = []
      for (const uri of uris) {
        const place = parseRecordUri(uri, connections.config.authorities)
        if (place.authority !== repo.did && place.authority !== handle)
          throw new CommandError(
            'auth',
            `${uri} does not belong to ${handle}; you can only delete your own records.`,
          )
        named.push(await find(repo, place))
      }
      const torrents = await torrentsOf(repo, named)
      const withTorrents =
        torrents.length > 0 && (options.torrents ?? (!options.yes && (await askFor(torrents))))
      const doomed = withTorrents ? [...named, ...torrents] : named
      list(doomed)
      if (
        !options.yes &&
        !(await confirm(
          `Delete ${doomed.length === 1 ? 'this record' : `these ${counted(doomed.length, 'record')}`}?`,
        ))
      )
        throw new CommandError('failure', 'Nothing was deleted.')
      for (const { place, record } of doomed) await repo.delete(place, record.cid)
      report(doomed, { left: withTorrents ? [] : torrents, json: options.json })
    })
}

/** Asks whether the torrents of deleted datasets should be deleted, too. */
function askFor(torrents: readonly Doomed[]): Promise<boolean> {
  list(torrents)
  const [it, contains] =
    torrents.length === 1
      ? ['this torrent', 'contains']
      : [`these ${counted(torrents.length, 'torrent')}`, 'contain']
  return confirm(`Also delete ${it}, which ${contains} nothing else?`)
}

function list(records: readonly Doomed[]): void {
  for (const { record } of records) tell(`${plain(record.uri)}  ${nameOf(record)}`)
}

function report(
  doomed: readonly Doomed[],
  { left, json }: { left: readonly Doomed[]; json: boolean | undefined },
): void {
  const urisOf = (records: readonly Doomed[]) => records.map(({ record }) => record.uri)
  if (json) {
    printJson({ deleted: urisOf(doomed), torrentsLeft: urisOf(left) })
    return
  }
  print(`Deleted ${counted(doomed.length, 'record')}. Copies that others adopted are not affected.`)
  if (left.length === 0) return
  const [stays, them] = left.length === 1 ? ['stays', 'it'] : ['stay', 'them']
  print(`${counted(left.length, 'torrent')} of the dataset ${stays} in your repo. To delete ${them}, too:`)
  print(`  holdfast delete ${urisOf(left).map(plain).join(' ')}`)
}

interface Doomed {
  readonly place: RecordPlace
  readonly record: StoredRecord
}

async function find(repo: Repo, { collection, rkey }: RecordPlace): Promise<Doomed> {
  const record = await repo.get(collection, rkey)
  if (!record) throw new CommandError('notFound', `There is no ${collection}/${rkey} in your repo.`)
  return { place: { collection, rkey }, record }
}

/** The torrents of the repo, other than those in the list, that contain nothing but datasets of the list. */
async function torrentsOf(repo: Repo, doomed: readonly Doomed[]): Promise<Doomed[]> {
  const { torrent, dataset } = collections
  if (doomed.every(({ place }) => place.collection !== dataset)) return []
  const uris = new Set(doomed.map(({ record }) => record.uri))
  const found: Doomed[] = []
  for await (const record of repo.list(torrent)) {
    const refs = (record.value.datasets ?? []) as RecordRef[]
    if (refs.length > 0 && refs.every(({ uri }) => uris.has(uri)) && !uris.has(record.uri))
      found.push({ place: { collection: torrent, rkey: record.rkey }, record })
  }
  return found
}

function nameOf({ value }: StoredRecord): string {
  return plain(String(value.title ?? value.name ?? value.url ?? ''))
}
