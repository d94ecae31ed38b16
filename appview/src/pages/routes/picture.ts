import type { profile } from '@holdfast/lexicons'
import type { RequestHandler } from 'express'
import { resolveAccount } from '../../catalog/read/account.ts'
import { readAccountPage } from '../../catalog/views/pages/page-account.ts'
import { type Db, storable } from '../../store/sql.ts'
import { blobOf, type ReadBlob } from '../server/blobs.ts'
import { PageError } from '../server/page-error.ts'
import { pictureType } from '../server/picture-type.ts'
import { securePicture } from '../server/security.ts'

/** The largest width and height; a larger picture could exhaust the memory of a browser that decodes it. */
const mostPixelsASide = 4_000

/**
 * Serves the picture of an account's profile from this site, so that the author's server does not learn who looks at it. Only
 * three types of pictures are served, which are recognized by their bytes and not by what that server says.
 */
export function accountPicture(db: Db, readPicture: ReadBlob): RequestHandler {
  return async (req, res, next) => {
    try {
      const did = await resolveAccount(db, storable(req.params.account ?? ''))
      const account = did === undefined ? undefined : await readAccountPage(db, did)
      const blob = blobOf((account?.profile as profile.Main | undefined)?.avatar)
      if (did === undefined || !blob) throw new PageError(404, 'account')
      const read = await readPicture(did, blob)
      const found = 'bytes' in read ? pictureType(read.bytes) : undefined
      if (!('bytes' in read) || !found || Math.max(found.width, found.height) > mostPixelsASide)
        throw new PageError(404, 'page')
      securePicture(res)
      res.setHeader('Content-Type', found.type)
      // Browsers must revalidate each time, so that a denied picture disappears at once; an unchanged one is not sent again.
      res.setHeader('Cache-Control', 'public, no-cache')
      res.setHeader('ETag', `"${blob.cid}"`)
      res.send(Buffer.from(read.bytes))
    } catch (error) {
      next(error)
    }
  }
}
