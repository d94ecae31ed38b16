import type { getMetainfo as schema } from '@holdfast/lexicons'
import type { Db } from '../catalog/sql.ts'
import { readMetainfoFile } from '../catalog/views/torrents/metainfo-file.ts'
import { CallerError } from './caller-error.ts'
import type { Answer } from './serve.ts'
import { verifiedContent } from './verified-content.ts'

/** The `.torrent` of verified content. */
export function getMetainfo(
  db: Db,
  { trackers }: { trackers: readonly string[] },
): Answer<typeof schema.main> {
  return async ({ params, res }) => {
    const content = await verifiedContent(db, params)
    const { original = false, thirdPartyWebSeeds } = params
    const file = await readMetainfoFile(db, content, { original, thirdPartyWebSeeds, trackers })
    if (!file) throw new CallerError('NotFound', 'No visible record names this content any more.')
    res.setHeader('Content-Disposition', contentDisposition(`${file.name}.torrent`))
    return Buffer.from(file.bytes)
  }
}

/** RFC 6266: a plain fallback, and the name in UTF-8. */
function contentDisposition(name: string): string {
  const plain = name.replaceAll(/[^\w .()+-]/g, '_').slice(0, 150)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name.toWellFormed().slice(0, 150)).replaceAll(/['()*]/g, '_')}`
}
