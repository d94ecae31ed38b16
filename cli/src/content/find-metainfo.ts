import { access } from 'node:fs/promises'
import { getDataset, getMetainfo } from '@holdfast/lexicons'
import { describesDatasets } from '@holdfast/lexicons/foreign'
import { collections } from '@holdfast/lexicons/nsid'
import { normalizeInfoHash } from '@holdfast/torrent/infohash'
import { parseMagnet } from '@holdfast/torrent/magnet'
import { type Metainfo, parseMetainfo } from '@holdfast/torrent/metainfo'
import type { AppView } from '../appview.ts'
import { readMetainfo } from '../commands/torrent/inspect.ts'
import type { Connections } from '../connections.ts'
import { Failure } from '../failure.ts'
import { warn } from '../output/terminal.ts'
import { parseReadableUri } from '../records/record-uri.ts'
import { fetchRecordMetainfo } from './record-metainfo.ts'

/** A `.torrent`, checked against what it was asked for by, and the record it came by. */
export interface FoundMetainfo {
  readonly metainfo: Metainfo
  readonly uri: string | undefined
}

/**
 * The `.torrent`s that `what` names: a file, a magnet link, an infohash, a torrent's AT-URI, or a dataset's, which may
 * have several. The AppView is asked first, for it adds trackers and webseeds that work; where it cannot answer for an
 * AT-URI, the author's own PDS.
 */
export async function findMetainfo(
  connections: Connections,
  what: string,
  appviewUrl: string | undefined,
): Promise<FoundMetainfo[]> {
  const appview = await connections.appView(appviewUrl)
  if (what.startsWith('at://')) return findByUri(connections, appview, what)
  if (/^magnet:/i.test(what) || normalizeInfoHash(what)) return [await findByHash(appview, what)]
  if (
    await access(what).then(
      () => true,
      () => false,
    )
  )
    return [{ metainfo: await readMetainfo(what), uri: undefined }]
  throw new Failure('notFound', `${what} is neither a file here nor an AT-URI, infohash or magnet link.`)
}

async function findByUri(connections: Connections, appview: AppView, uri: string): Promise<FoundMetainfo[]> {
  const { collection } = parseReadableUri(uri, connections.config.authorities)
  if (collection === collections.torrent) return [await findOne(connections, appview, uri)]
  if (!describesDatasets(collection)) throw new Failure('usage', `${uri} is neither a torrent nor a dataset.`)
  const { torrents } = await appview.query(getDataset, { uri })
  // What its author has replaced is still there for those who ask for it by its own URI.
  const current = torrents.filter(
    ({ author, supersededBy = [] }) => !supersededBy.some((by) => by.uri.startsWith(`at://${author.did}/`)),
  )
  if (current.length === 0) throw new Failure('notFound', `${uri} has no torrent.`)
  return Promise.all(current.map((torrent) => findOne(connections, appview, torrent.uri)))
}

async function findOne(connections: Connections, appview: AppView, uri: string): Promise<FoundMetainfo> {
  try {
    const bytes = await appview.query(getMetainfo, { uri })
    return { metainfo: parseMetainfo(bytes as unknown as Uint8Array), uri }
  } catch (error) {
    warn(`${(error as Error).message} Asking the author's PDS.`)
    return { metainfo: (await fetchRecordMetainfo(connections, uri)).metainfo, uri }
  }
}

async function findByHash(appview: AppView, what: string): Promise<FoundMetainfo> {
  const bytes = await appview.query(getMetainfo, { infoHash: what })
  const metainfo = parseMetainfo(bytes as unknown as Uint8Array)
  if (!isNamedBy(metainfo, what))
    throw new Failure('failure', `${appview.url} sent a .torrent with another infohash than ${what}.`)
  return { metainfo, uri: undefined }
}

/** Whether an infohash of any form, or a magnet link, names this content. */
function isNamedBy({ infoHashV1, infoHashV2 }: Metainfo, what: string): boolean {
  const names = [infoHashV1, infoHashV2, infoHashV2?.slice(0, 40)]
  if (!/^magnet:/i.test(what)) return names.includes(normalizeInfoHash(what)!.hex)
  const magnet = parseMagnet(what)
  return [magnet.infoHashV1, magnet.infoHashV2].some((hash) => hash !== null && names.includes(hash))
}
