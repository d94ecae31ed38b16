import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { defs } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { CommandError } from '../command-error.ts'
import type { Connections, SignedIn } from '../connections.ts'
import { fromAddresses, type PublishedPath, publishMade } from '../publish/publish-paths.ts'
import { chooseTrackers } from '../publish/trackers.ts'
import { parseRecordUri } from '../records/record-uri.ts'
import type { RecordJson, RecordRef } from '../records/repo.ts'
import { givenAddresses, makeFromAddresses } from '../remote/make-from-addresses.ts'
import type { LeftOut } from '../remote/make-remote.ts'
import { createPace } from '../remote/pace.ts'
import { version } from '../version.ts'

export interface Gathering {
  readonly part: defs.PartView
  /** Where the files and `.torrent`s are kept. */
  readonly directory: string
  /** The share of the host's pace that the lease gives. */
  readonly requestsPerMinute: number
  readonly appview?: string | undefined
}

export interface Gathered {
  readonly torrents: readonly PublishedPath[]
  readonly leftOut: readonly LeftOut[]
}

/**
 * Fetches the files of a part into a folder, and publishes the torrents that are made of them on the way, which name the part.
 * What was fetched before is not fetched again. Only addresses are used; nothing that a record says is ever run.
 */
export async function gatherPart(
  connections: Connections,
  account: SignedIn,
  { part, directory, requestsPerMinute, appview }: Gathering,
): Promise<Gathered> {
  const addresses = addressesOf(part)
  await mkdir(directory, { recursive: true })
  const trackers = await chooseTrackers(undefined, await connections.appView(appview))
  const dataset = await readDataset(connections, part.dataset.uri)
  const options = {
    keep: directory,
    output: `${directory}/`,
    connections: Math.max(1, Math.min(4, Math.floor(requestsPerMinute / 15))),
    pace: createPace(requestsPerMinute),
    save: true,
    originWebseeds: false,
  }
  const statement = { source: 'publish' as const, states: await connections.states() }
  const torrents: PublishedPath[] = []
  const leftOut: LeftOut[] = []
  for await (const made of makeFromAddresses(connections, addresses, options, trackers ?? [])) {
    leftOut.push(...made.leftOut)
    if (!('created' in made)) continue
    torrents.push(
      await publishMade({ connections, account }, fromAddresses(made, { ...options, trackers }), {
        dataset,
        about: aboutOf(part),
        metainfoUrls: [],
        keepsWebseeds: true,
        statement,
        siblings: torrents.map(({ uri }) => uri),
      }),
    )
    await made.forget()
  }
  return { torrents, leftOut }
}

/** The folder of a part in a working directory. */
export function folderOf(directory: string, { uri, item }: Pick<defs.PartView, 'uri' | 'item'>): string {
  const rkey = uri.slice(uri.lastIndexOf('/') + 1)
  return join(
    directory,
    encodeURIComponent(item === undefined ? rkey : `${rkey} ${item}`).replaceAll('%20', ' '),
  )
}

function addressesOf(part: defs.PartView) {
  const {
    urls = [],
    prefixes = [],
    tool,
  } = part.record as {
    urls?: { url: string }[]
    prefixes?: { url: string }[]
    tool?: string
  }
  const all = [...urls, ...prefixes].map(({ url }) => url)
  if (all.length === 0)
    throw new CommandError(
      'failure',
      `${part.uri} names no addresses${tool === 'manual' ? ', and has to be gathered by hand' : ''}: read how with holdfast parts show, or give it back with holdfast claim release.`,
    )
  return givenAddresses(all)
}

async function readDataset(connections: Connections, uri: string): Promise<RecordRef> {
  const { authority, collection, rkey } = parseRecordUri(uri, connections.config.authorities)
  const { repo } = await connections.readRepo(authority)
  const found = await repo.get(collection, rkey)
  if (!found || collection !== collections.dataset)
    throw new CommandError('notFound', `${uri}, whose part this is, does not exist any more.`)
  return { uri: found.uri, cid: found.cid }
}

function aboutOf({ uri, cid, item }: defs.PartView): RecordJson {
  return {
    parts: [{ uri, cid, ...(item !== undefined && { item }) }],
    tool: `holdfast ${version}`,
    captured: new Date().toISOString().slice(0, 10),
  }
}
