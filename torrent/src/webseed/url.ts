import type { Metainfo, MetainfoFile } from '../metainfo.ts'

/** Where a `url-list` entry keeps a file: `base/name/path`, or for a single file `base` itself unless it ends in `/` (BEP 19). */
export function bep19Url(
  { name, isSingleFile }: Pick<Metainfo, 'name' | 'isSingleFile'>,
  base: string,
  { path }: Pick<MetainfoFile, 'path'>,
): string {
  if (isSingleFile && !base.endsWith('/')) return base
  const elements = isSingleFile ? [name] : [name, ...path]
  return `${base}${base.endsWith('/') ? '' : '/'}${elements.map(encodeURIComponent).join('/')}`
}

/** How an `httpseeds` script is asked for a piece (BEP 17). Throws on a v2-only torrent: the script knows v1 infohashes. */
export function bep17Url({ infoHashV1 }: Pick<Metainfo, 'infoHashV1'>, base: string, piece: number): string {
  if (infoHashV1 === null)
    throw new Error('An httpseeds (BEP 17) webseed serves v1 and hybrid torrents only.')
  const escaped = infoHashV1.replace(/../g, '%$&')
  return `${base}${base.includes('?') ? '&' : '?'}info_hash=${escaped}&piece=${piece}`
}
