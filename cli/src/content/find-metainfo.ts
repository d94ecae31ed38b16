import { lexToJson } from '@atproto/lex-json'
import { getDataset, getMetainfo, getTorrent } from '@holdfast/lexicons'
import { describesDatasets } from '@holdfast/lexicons/foreign'
import { collections } from '@holdfast/lexicons/nsid'
import { currentTorrents } from '@holdfast/lexicons/vocabularies/citation'
import { type Metainfo, parseMetainfo } from '@holdfast/torrent/metainfo'
import type { AppView } from '../appview.ts'
import { CommandError } from '../command-error.ts'
import type { Connections } from '../connections.ts'
import { warn } from '../output/terminal.ts'
import { parseReadableUri } from '../records/record-uri.ts'
import type { RecordJson } from '../records/repo.ts'
import { assertKey, assertNamed, fetchRecordMetainfo, isKeyOf } from './record-metainfo.ts'
import { fetchTorrentFile, readTorrentFile, torrentFetchLimits } from './torrent-file.ts'
import { type ContentName, readTorrentId } from './torrent-id.ts'

/** A `.torrent`, checked against the infohash or record that was asked for, and the record that it came from. */
export interface FoundMetainfo {
  readonly metainfo: Metainfo
  readonly uri: string | undefined
}

/**
 * The `.torrent`s that `what` names: a file or its http(s) address, a magnet link, an infohash, a torrent's AT-URI, or a
 * dataset's, which may have several. The AppView is asked first, for it adds trackers and webseeds that work; where it cannot
 * answer for an AT-URI, the author's own PDS; for a magnet link, the addresses that it names, and with `swarm` its swarm.
 */
export async function findMetainfo(
  connections: Connections,
  what: string,
  appviewUrl: string | undefined,
  { swarm = false }: { swarm?: boolean } = {},
): Promise<FoundMetainfo[]> {
  const id = await readTorrentId(what)
  if (id.kind === 'path') return [{ metainfo: await readTorrentFile(id.path), uri: undefined }]
  if (id.kind === 'address') {
    const fetch = await connections.strangerFetch(torrentFetchLimits)
    return [{ metainfo: await fetchTorrentFile(id.url, fetch), uri: undefined }]
  }
  const appview = await connections.appView(appviewUrl)
  if (id.kind === 'record') return findByUri(connections, appview, id.uri)
  const found = findByName(connections, appview, id.name)
  if (!swarm) return [{ metainfo: await found, uri: undefined }]
  const metainfo = await found.catch((error) => findInSwarm(connections, id.name, error))
  return [{ metainfo, uri: undefined }]
}

async function findByUri(connections: Connections, appview: AppView, uri: string): Promise<FoundMetainfo[]> {
  const { collection } = parseReadableUri(uri, connections.config.authorities)
  if (collection === collections.torrent) return [await findOne(connections, appview, uri)]
  if (!describesDatasets(collection))
    throw new CommandError('usage', `${uri} is neither a torrent nor a dataset.`)
  const { torrents } = await appview.query(getDataset, { uri })
  // Torrents that their author has superseded can still be had by their own URIs.
  const current = currentTorrents(torrents)
  if (current.length === 0) throw new CommandError('notFound', `${uri} has no torrent.`)
  return Promise.all(current.map((torrent) => findOne(connections, appview, torrent.uri)))
}

async function findOne(connections: Connections, appview: AppView, uri: string): Promise<FoundMetainfo> {
  try {
    const bytes = await appview.query(getMetainfo, { uri })
    const metainfo = parseMetainfo(bytes as unknown as Uint8Array)
    await assertOfRecord(connections, appview, { uri, metainfo })
    return { metainfo, uri }
  } catch (error) {
    warn(`${(error as Error).message} Asking the author's PDS.`)
    return { metainfo: (await fetchRecordMetainfo(connections, uri)).metainfo, uri }
  }
}

/**
 * Throws a CommandError unless the AppView's file is what the URI means: its key is an infohash, or the record at its author's
 * server states one. If that server is gone, the AppView's copy of the record is used.
 */
async function assertOfRecord(
  connections: Connections,
  appview: AppView,
  { uri, metainfo }: { uri: string; metainfo: Metainfo },
): Promise<void> {
  const { authority, collection, rkey } = parseReadableUri(uri, connections.config.authorities)
  if (isKeyOf(rkey, metainfo)) return
  const record = await connections
    .readRepo(authority)
    .then(({ repo }) => repo.get(collection, rkey))
    .catch(() => undefined)
  if (record) return assertNamed(record.value, metainfo, uri)
  assertKey(uri, metainfo)
  warn(`${uri} could not be read at its author's server; what the AppView says of it is taken.`)
  const { torrents } = await appview.query(getTorrent, { uri })
  const view = torrents.find((torrent) => torrent.uri.endsWith(`/${rkey}`))
  if (!view)
    throw new CommandError('failure', `${appview.url} has no record ${uri} to check its .torrent by.`)
  assertNamed(lexToJson(view.record as never) as RecordJson, metainfo, uri)
}

async function findInSwarm(
  { config }: Connections,
  { swarm, names }: ContentName,
  reason: Error,
): Promise<Metainfo> {
  if (!swarm) throw reason
  warn(`${reason.message} Asking the swarm.`)
  const { fetchFromSwarm } = await import('./swarm-metainfo.ts')
  const metainfo = await fetchFromSwarm(swarm, { allowPrivateHosts: config.allowPrivateHosts })
  if (names(metainfo)) return metainfo
  throw new CommandError('failure', 'The swarm has a torrent with another v2 infohash.')
}

async function findByName(
  connections: Connections,
  appview: AppView,
  { query, names, metainfoUrls }: ContentName,
): Promise<Metainfo> {
  try {
    const bytes = await appview.query(getMetainfo, { infoHash: query })
    const metainfo = parseMetainfo(bytes as unknown as Uint8Array)
    if (names(metainfo)) return metainfo
    throw new CommandError('failure', `${appview.url} sent a .torrent with another infohash than ${query}.`)
  } catch (error) {
    const fetch = await connections.strangerFetch(torrentFetchLimits)
    for (const url of metainfoUrls) {
      warn(`${(error as Error).message} Asking ${url}.`)
      const metainfo = await fetchTorrentFile(url, fetch).catch((reason: Error) => void warn(reason.message))
      if (metainfo && names(metainfo)) return metainfo
      if (metainfo) warn(`${url} has a .torrent with another infohash.`)
    }
    throw error
  }
}
