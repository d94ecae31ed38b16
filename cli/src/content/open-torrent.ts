import { counted } from '@holdfast/runtime/counted'
import type { Metainfo } from '@holdfast/torrent/metainfo'
import { CommandError } from '../command-error.ts'
import type { Connections } from '../connections.ts'
import type { FoundMetainfo } from './find-metainfo.ts'
import { readTorrentFile } from './torrent-file.ts'
import { readTorrentId } from './torrent-id.ts'

/** The only `.torrent` that `what` names. For a file, no server is asked. Throws a CommandError. */
export async function openTorrent(
  connections: Connections,
  what: string,
  appviewUrl: string | undefined,
): Promise<Metainfo> {
  const id = await readTorrentId(what)
  if (id.kind === 'path') return readTorrentFile(id.path)
  const { findMetainfo } = await import('./find-metainfo.ts')
  return onlyOne(await findMetainfo(connections, what, appviewUrl), what).metainfo
}

/** Throws a CommandError if there are several, or none. */
export function onlyOne(found: readonly FoundMetainfo[], what: string): FoundMetainfo {
  if (found.length === 1) return found[0]!
  const uris = found.map(({ uri }) => uri).join(', ')
  throw new CommandError('usage', `${what} has ${counted(found.length, 'torrent')}; name one: ${uris}`)
}
