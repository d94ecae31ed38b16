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
    .option('--torrents', 'for a dataset, also delete your torrents that contain nothing else')
    .option('-y, --yes', 'do not ask')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ holdfast delete at://did:plc:…/…/water-levels --torrents')
    .action(async (uris: string[], options: Options) => {
      const { repo, handle } = await connections.signIn(options.account)
      const doomed: Doomed[] = []
      for (const uri of uris) {
        const place = parseRecordUri(uri, connections.config.authorities)
        if (place.authority !== repo.did && place.authority !== handle)
          throw new CommandError(
            'auth',
            `${uri} does not belong to ${handle}; you can only delete your own records.`,
          )
        doomed.push(await find(repo, place))
        if (options.torrents && place.collection === collections.dataset)
          doomed.push(...(await torrentsOf(repo, doomed.at(-1)!.record.uri)))
      }
      for (const { record } of doomed) tell(`${plain(record.uri)}  ${nameOf(record)}`)
      if (
        !options.yes &&
        !(await confirm(
          `Delete ${doomed.length === 1 ? 'this record' : `these ${counted(doomed.length, 'record')}`}?`,
        ))
      )
        throw new CommandError('failure', 'Nothing was deleted.')
      for (const { place, record } of doomed) await repo.delete(place, record.cid)
      const deleted = doomed.map(({ record }) => record.uri)
      if (options.json) printJson({ deleted })
      else print(`Deleted ${counted(deleted.length, 'record')}. Copies that others adopted are not affected.`)
    })
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

async function torrentsOf(repo: Repo, datasetUri: string): Promise<Doomed[]> {
  const found: Doomed[] = []
  for await (const record of repo.list(collections.torrent)) {
    const refs = (record.value.datasets ?? []) as RecordRef[]
    if (refs.length > 0 && refs.every(({ uri }) => uri === datasetUri))
      found.push({ place: { collection: collections.torrent, rkey: record.rkey }, record })
  }
  return found
}

function nameOf({ value }: StoredRecord): string {
  return plain(String(value.title ?? value.name ?? value.url ?? ''))
}
