import type { defs } from '@holdfast/lexicons'
import { bep19Url } from '@holdfast/torrent/webseed'

/**
 * The URL of a file at a webseed (BEP 19). The index does not store whether a torrent is of a single file. It takes a torrent
 * for one if its only file has the torrent's name, which is wrong only for a folder with a single file of the same name.
 */
export function webseedFileUrl(
  { name = '', fileCount }: defs.TorrentView,
  base: string,
  path: string,
): string {
  return bep19Url({ name, isSingleFile: fileCount === 1 && path === name }, base, { path: path.split('/') })
}
