import type { profile } from '@holdfast/lexicons'
import type { RequestHandler } from 'express'
import { type Db, storable } from '../../catalog/sql.ts'
import { resolveAccount } from '../../catalog/views/accounts.ts'
import { readAccountPage } from '../../catalog/views/pages/page-account.ts'
import { blobOf, type ReadBlob } from '../server/blobs.ts'
import { PageError } from '../server/page-error.ts'
import { pictureType } from '../server/picture-type.ts'
import { securePicture } from '../server/security.ts'

/** A larger picture is a trap for whoever unpacks it. */
const mostPixelsASide = 4_000

/**
 * The picture of an account's profile, from this site: its author's server learns nothing of who looks, and nothing goes
 * out that is not one of three kinds of picture, whatever that server calls it.
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
      // Asked for anew each time, so that what is denied is gone at once; unchanged, it is not sent again.
      res.setHeader('Cache-Control', 'public, no-cache')
      res.setHeader('ETag', `"${blob.cid}"`)
      res.send(Buffer.from(read.bytes))
    } catch (error) {
      next(error)
    }
  }
}
