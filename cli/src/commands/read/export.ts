import type { dataset, torrent } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { toDataCite } from '@holdfast/lexicons/vocabularies/datacite'
import { counted } from '@holdfast/runtime/counted'
import { Command, Option } from 'commander'
import { CommandError } from '../../command-error.ts'
import type { Connections, PublicRepo } from '../../connections.ts'
import { fetchBlob } from '../../content/record-metainfo.ts'
import { toDcat } from '../../export/dcat.ts'
import { describedTorrent, type ExportedDataset } from '../../export/exported-dataset.ts'
import { writeBags } from '../../export/write-bags.ts'
import { saveText } from '../../files/save.ts'
import { note, printableJson, printJson, printText } from '../../output/terminal.ts'
import { parseRecordUri } from '../../records/record-uri.ts'
import type { BlobJson, RecordRef, StoredRecord } from '../../records/repo.ts'

interface Options {
  format: 'dcat' | 'datacite' | 'bagit'
  output?: string
  overwrite?: boolean
  json?: boolean
}

/** `holdfast export`: writes the datasets of a repo in the formats of other catalogs. */
export function exportCommand(connections: Connections): Command {
  return new Command('export')
    .argument('[who]', 'handle, DID, or AT-URI of a dataset (default: the account you are signed in to)')
    .addOption(
      new Option('--format <format>', 'the format').choices(['dcat', 'datacite', 'bagit']).default('dcat'),
    )
    .option('-o, --output <path>', 'a file, or for bags a directory (default: standard output)')
    .option('--overwrite', 'replace existing files')
    .option('--json', 'print JSON: the document on one line, or the list of files written')
    .addHelpText(
      'after',
      '\nExamples:\n  $ holdfast export alice.example.org > catalog.jsonld\n  $ holdfast export at://did:plc:…/…/water-levels --format bagit -o bags/',
    )
    .action(async (who: string | undefined, options: Options) => {
      if (options.format === 'bagit' && !options.output)
        throw new CommandError(
          'usage',
          'Tag files are written to a directory; name it with --output DIRECTORY.',
        )
      const { place, wanted } = await placeOf(connections, who)
      const author = await connections.readRepo(place)
      const datasets = await readDatasets(author, wanted)
      if (wanted && datasets.length === 0) throw new CommandError('notFound', `There is no dataset ${who}.`)
      await write({ did: author.repo.did, handle: author.handle }, datasets, options)
      if (options.output) note(`${counted(datasets.length, 'dataset')} exported.`)
    })
}

async function placeOf(
  connections: Connections,
  who: string | undefined,
): Promise<{ place: string; wanted?: string }> {
  if (who === undefined) return { place: (await connections.signIn(undefined)).did }
  if (!who.startsWith('at://')) return { place: who.replace(/^@/, '') }
  const { authority, rkey } = parseRecordUri(who, connections.config.authorities)
  return { place: authority, wanted: rkey }
}

async function readDatasets(author: PublicRepo, wanted: string | undefined): Promise<ExportedDataset[]> {
  const torrents = await Array.fromAsync(author.repo.list(collections.torrent))
  const records: StoredRecord[] = []
  if (wanted)
    records.push(
      ...[await author.repo.get(collections.dataset, wanted)].filter((found) => found !== undefined),
    )
  else for await (const record of author.repo.list(collections.dataset)) records.push(record)
  const datasets: ExportedDataset[] = []
  for (const { uri, rkey, value } of records) {
    const blob = value.descriptionBlob as BlobJson | undefined
    const description = blob && Buffer.from(await fetchBlob(author, blob)).toString('utf8')
    const own = torrents.filter((torrent) =>
      ((torrent.value.datasets ?? []) as RecordRef[]).some((ref) => ref.uri === uri),
    )
    datasets.push({
      uri,
      rkey,
      record: value as unknown as dataset.Main,
      description,
      torrents: own.map(({ uri, value }) => describedTorrent(uri, value as unknown as torrent.Main)),
    })
  }
  return datasets
}

interface Owner {
  readonly did: string
  readonly handle: string | undefined
}

async function write(
  owner: Owner,
  datasets: readonly ExportedDataset[],
  { format, output, overwrite = false, json }: Options,
): Promise<void> {
  if (format === 'bagit') {
    const written = await writeBags(output!, datasets, overwrite)
    if (json) printJson({ datasets: datasets.length, written })
    return
  }
  const document = format === 'dcat' ? toDcat(owner, datasets) : datasets.map(toDataCite)
  if (output) {
    await saveText(output, `${JSON.stringify(document, null, 2)}\n`, overwrite)
    if (json) printJson({ datasets: datasets.length, written: [output] })
  } else if (json) printJson(document)
  else printText(printableJson(document, 2))
}
