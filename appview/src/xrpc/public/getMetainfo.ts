import type { getMetainfo as schema } from '@holdfast/lexicons'
import { readMetainfoFile } from '../../catalog/views/torrents/metainfo-file.ts'
import type { Db } from '../../store/sql.ts'
import { ThreadsBusyError } from '../../threads/thread-pool.ts'
import { CallerError } from '../caller-error.ts'
import { nothingVisible } from '../lookups.ts'
import type { Answer } from '../serve.ts'
import { verifiedContent } from '../verified-content.ts'

/** Answers with the `.torrent` file of verified content. */
export function getMetainfo(
  db: Db,
  { trackers }: { trackers: readonly string[] },
): Answer<typeof schema.main> {
  return async ({ params, res }) => {
    const content = await verifiedContent(db, params)
    const { original = false, thirdPartyWebseeds } = params
    const reading = readMetainfoFile(db, content, { original, thirdPartyWebseeds, trackers })
    const file = await reading.catch((error) => {
      if (!(error instanceof ThreadsBusyError)) throw error
      res.setHeader('Retry-After', '5')
      throw new CallerError(
        'RateLimitExceeded',
        'Too many .torrent files are being made at the moment. Try again in a few seconds.',
      )
    })
    if (!file) throw nothingVisible(params)
    res.setHeader('ETag', file.etag)
    res.setHeader('Content-Disposition', contentDisposition(`${file.name}.torrent`))
    const { buffer, byteOffset, length } = file.bytes
    return Buffer.from(buffer, byteOffset, length)
  }
}

/** The header by RFC 6266: the name in UTF-8, and an ASCII fallback. */
function contentDisposition(name: string): string {
  const plain = name.replaceAll(/[^\w .()+-]/g, '_').slice(0, 150)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name.toWellFormed().slice(0, 150)).replaceAll(/['()*]/g, '_')}`
}
