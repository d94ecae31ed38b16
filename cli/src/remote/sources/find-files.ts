import { CommandError } from '../../command-error.ts'
import { nameOfAddress } from '../addresses.ts'
import { bag } from './bag.ts'
import { listing } from './listing.ts'
import { readRecord } from './records.ts'
import { parseBucket, readNamedBucket, s3 } from './s3.ts'
import { readSitemap } from './sitemap.ts'
import type { Found, Source, SourceOptions } from './source.ts'

/** The kinds of places that an address alone does not tell, in the order in which they are tried. */
const sources: readonly Source[] = [bag, s3, listing]

/** The files at an address: a record of a repository, a bucket, a bag, a directory that is listed, or one file. Throws a CommandError that says what is wrong. */
export async function findFiles(address: string, options: SourceOptions): Promise<Found> {
  const bucket = parseBucket(address)
  if (bucket) return readNamedBucket(bucket, options)
  if (!URL.canParse(address)) throw new CommandError('usage', `${address} is no address.`)
  const url = new URL(address)
  url.hash = ''
  const told = (await readRecord(url, options)) ?? (await readSitemap(url, options))
  if (told) return told
  const head = url.pathname.endsWith('/') ? undefined : await options.web.head(url.href)
  // Servers redirect the name of a directory to the same with a slash. Any other page is not what was asked for.
  const isDirectory = head === undefined || (head.status === 200 && head.url.pathname === `${url.pathname}/`)
  const first = isDirectory ? await options.web.get(url.href, 'text/html, */*;q=0.5') : undefined
  for (const source of sources) {
    const found = await source.read(url, first, options)
    if (found) return found
  }
  if (!isDirectory) return { files: [{ url: url.href, name: nameOfAddress(url) }], skipped: [] }
  throw new CommandError(
    first!.status === 404 ? 'notFound' : 'failure',
    first!.status === 200
      ? `${address} is no directory listing that holdfast can read. Give the addresses of the files, or a file of them with --urls.`
      : `${address} answers ${first!.status}.`,
  )
}
