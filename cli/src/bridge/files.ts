import { join } from 'node:path'
import { collections } from '@holdfast/lexicons/nsid'
import { CommandError } from '../command-error.ts'
import { fileName } from '../files/save.ts'
import { fromAddresses, type PublishedPath, type Publisher, publishMade } from '../publish/publish-paths.ts'
import type { Statement } from '../publish/put-dataset.ts'
import { chooseTrackers } from '../publish/trackers.ts'
import type { RecordJson } from '../records/repo.ts'
import { addressesOfSources } from '../remote/dataset-sources.ts'
import { type MadeFromAddresses, makeFromAddresses } from '../remote/make-from-addresses.ts'
import type { FilesTodo, Ledger } from './ledger.ts'

export type FilesEvent =
  | { readonly action: 'torrent'; readonly sourceId: string; readonly torrent: PublishedPath }
  | { readonly action: 'no-torrent'; readonly sourceId: string; readonly problem: string }

export interface FilesParts extends Publisher {
  readonly ledger: Ledger
  readonly statement: Statement
  readonly signal: AbortSignal | undefined
  /** Where the .torrent files are saved, and what an interrupted run needs to go on. */
  readonly directory: string
  readonly trackers: readonly string[] | undefined
}

/** Files that could not be read are tried again by as many runs in all. */
const maxAttempts = 3

/** Makes torrents of the files that the queued datasets name, and publishes them. The server of the files is their webseed. */
export async function* publishFiles(parts: FilesParts): AsyncGenerator<FilesEvent> {
  const { ledger, connections, signal } = parts
  if (ledger.get('files') === undefined) {
    ledger.addAllFiles()
    ledger.set('files', true)
  }
  if (ledger.filesAfter('', 1).length === 0) return
  const trackers = await chooseTrackers(parts.trackers, await connections.appView())
  for (let after = ''; ; ) {
    const page = ledger.filesAfter(after, 100)
    for (const todo of page) {
      signal?.throwIfAborted()
      yield* publishOne(parts, todo, trackers)
    }
    if (page.length === 0) return
    after = page.at(-1)!.sourceId
  }
}

async function* publishOne(
  parts: FilesParts,
  { sourceId, rkey, attempts }: FilesTodo,
  trackers: readonly string[] | undefined,
): AsyncGenerator<FilesEvent> {
  const { ledger, account, connections, directory } = parts
  const dataset = await account.repo.get(collections.dataset, rkey)
  if (!dataset || filesOf(dataset.value).length === 0) return ledger.removeFiles(sourceId)
  const options = {
    output: `${join(directory, fileName(rkey, ''))}/`,
    save: true,
    originWebseeds: false,
    overwrite: true,
  }
  let isComplete = true
  const finished: MadeFromAddresses[] = []
  try {
    const addresses = addressesOfSources({ ...dataset.value, sources: filesOf(dataset.value) })
    const siblings: string[] = []
    for await (const made of makeFromAddresses(connections, addresses, options, trackers ?? [])) {
      for (const { url, reason } of made.leftOut) {
        isComplete = false
        yield { action: 'no-torrent', sourceId, problem: `${url}: ${reason}` }
      }
      if (!('created' in made)) continue
      const torrent = await publishMade(parts, fromAddresses(made, { ...options, trackers }), {
        ...{ dataset, about: {}, metainfoUrls: [], keepsWebseeds: true, siblings: [...siblings] },
        statement: { ...parts.statement, source: 'publish' },
      })
      siblings.push(torrent.uri)
      finished.push(made)
      yield { action: 'torrent', sourceId, torrent }
    }
  } catch (error) {
    if (!(error instanceof CommandError) || error.kind === 'interrupted' || error.kind === 'auth') throw error
    isComplete = false
    yield { action: 'no-torrent', sourceId, problem: error.message }
  }
  if (isComplete) for (const made of finished) await made.forget()
  if (isComplete || attempts + 1 >= maxAttempts) ledger.removeFiles(sourceId)
  else ledger.noteAttempt(sourceId)
}

/** The sources that are files. A page that leads to the data is no copy of it. */
function filesOf({ sources }: RecordJson): { kind?: unknown }[] {
  return ((sources ?? []) as { kind?: unknown }[]).filter(({ kind }) => kind === 'http')
}
