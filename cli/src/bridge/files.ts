import { join } from 'node:path'
import { collections } from '@holdfast/lexicons/nsid'
import { CommandError } from '../command-error.ts'
import { fileName } from '../files/save.ts'
import { fromAddresses, type PublishedPath, type Publisher, publishMade } from '../publish/publish-paths.ts'
import type { Statement } from '../publish/put-dataset.ts'
import { chooseTrackers } from '../publish/trackers.ts'
import type { RecordJson } from '../records/repo.ts'
import { addressesOfSources, type SourceAddress } from '../remote/dataset-sources.ts'
import { givenAddresses, type MadeFromAddresses, makeFromAddresses } from '../remote/make-from-addresses.ts'
import { limitsOf, userAgent } from '../remote/remote-options.ts'
import { readRecord } from '../remote/sources/records.ts'
import { openWeb } from '../remote/web.ts'
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
  /** The most datasets to take up. */
  readonly limit: number | undefined
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
  let left = parts.limit ?? Number.POSITIVE_INFINITY
  for (let after = ''; left > 0; left -= 100) {
    const page = ledger.filesAfter(after, Math.min(left, 100))
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
  const options = optionsFor(directory, rkey)
  let isComplete = true
  const finished: MadeFromAddresses[] = []
  try {
    const addresses = dataset ? await addressesFor(dataset.value, parts) : []
    if (addresses.length === 0) return ledger.removeFiles(sourceId)
    const siblings: string[] = []
    for await (const made of makeFromAddresses(connections, addresses, options, trackers ?? [])) {
      for (const { url, reason } of made.leftOut) {
        isComplete = false
        yield { action: 'no-torrent', sourceId, problem: `${url}: ${reason}` }
      }
      if (!('created' in made)) continue
      const torrent = await publishMade(parts, fromAddresses(made, { ...options, trackers }), {
        ...{ dataset: dataset!, about: {}, metainfoUrls: [], keepsWebseeds: true, siblings: [...siblings] },
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

function optionsFor(directory: string, rkey: string) {
  const output = `${join(directory, fileName(rkey, ''))}/`
  return { output, save: true, originWebseeds: false, overwrite: true }
}

/**
 * The files that a record names, or else its page, if that is one of a repository whose API says which files there are. Other
 * pages lead to data and are no copy of it.
 */
async function addressesFor(record: RecordJson, { connections }: Publisher): Promise<SourceAddress[]> {
  const files = ((record.sources ?? []) as { kind?: unknown }[]).filter(({ kind }) => kind === 'http')
  if (files.length > 0) return addressesOfSources({ ...record, sources: files })
  const page = String(record.homepage ?? '')
  if (!/\/records\/[\w-]+$|\/dataset\.xhtml\?persistentId=/.test(page)) return []
  const options = { ...limitsOf({}), isExcluded: () => undefined, onFound: () => {} }
  using web = await openWeb(connections, userAgent)
  const found = await readRecord(new URL(page), { ...options, web }).catch((error: unknown) => {
    if (error instanceof CommandError && error.kind === 'notFound') return undefined
    throw error
  })
  return found ? givenAddresses([page]) : []
}
