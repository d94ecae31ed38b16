import type { Metainfo, MetainfoFile } from '../metainfo.ts'

/**
 * The address of a file under a `url-list` entry (BEP 19): `base/name/path`, or for a single file `base` itself unless
 * it ends in `/`.
 */
export function bep19Url(
  { name, isSingleFile }: Pick<Metainfo, 'name' | 'isSingleFile'>,
  base: string,
  { path }: Pick<MetainfoFile, 'path'>,
): string {
  if (isSingleFile && !base.endsWith('/')) return base
  const elements = isSingleFile ? [name] : [name, ...path]
  return `${base}${base.endsWith('/') ? '' : '/'}${elements.map(encodeURIComponent).join('/')}`
}

/**
 * The address at which an `httpseeds` script serves a piece (BEP 17). Throws an Error for a v2-only torrent, because
 * the script knows only v1 infohashes.
 */
export function bep17Url({ infoHashV1 }: Pick<Metainfo, 'infoHashV1'>, base: string, piece: number): string {
  if (infoHashV1 === null)
    throw new Error('An httpseeds (BEP 17) webseed serves v1 and hybrid torrents only.')
  const escaped = infoHashV1.replace(/../g, '%$&')
  return `${base}${base.includes('?') ? '&' : '?'}info_hash=${escaped}&piece=${piece}`
}
