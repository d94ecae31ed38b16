import { CommandError } from '../../command-error.ts'
import { decodeName, decodePercents, nameOfAddress } from '../addresses.ts'
import type { RemoteFile } from '../remote-file.ts'
import type { Web, WebAnswer } from '../web.ts'
import { decodeEntities, elementsOf } from './html-links.ts'
import { tooMany } from './listing.ts'
import type { Found, Source, SourceOptions } from './source.ts'

/** A bucket, whose address ends in a slash, and the start of the keys that are wanted. */
interface Bucket {
  readonly url: string
  readonly prefix: string
}

/**
 * A public bucket of S3 or a compatible store, by its listing API (ListObjectsV2): `https://BUCKET.s3.REGION…/PREFIX/`,
 * `https://HOST/BUCKET/PREFIX/`, or the address of a bucket that answers with a listing.
 */
export const s3: Source = {
  async read(url, first, options) {
    if (!url.pathname.endsWith('/')) return undefined
    const bucket = await bucketOf(url, first, options.web)
    return bucket && readBucket(bucket, options)
  },
}

async function bucketOf(url: URL, first: WebAnswer | undefined, web: Web): Promise<Bucket | undefined> {
  const isAws = /(?:^|\.)s3[.-](?:[a-z0-9-]+\.)*amazonaws\.com(?:\.cn)?$/.test(url.hostname)
  const isXml = /^\s*(?:<\?xml[^>]*>\s*)?<(?:ListBucketResult|Error)\b/.test(first?.text ?? '')
  if (!isAws && !isXml) return undefined
  const path = url.pathname.slice(1)
  const [inPath = '', ...rest] = path.split('/')
  const candidates = [
    ...(inPath === '' ? [] : [{ url: `${url.origin}/${inPath}/`, prefix: decodePercents(rest.join('/')) }]),
    { url: `${url.origin}/`, prefix: decodePercents(path) },
  ]
  for (const bucket of candidates) {
    const { status, text } = await web.get(pageAddress(bucket, {}), 'application/xml')
    if (status === 200 && /<ListBucketResult\b/.test(text) && /<Contents>/.test(text))
      return pathStyle(bucket)
  }
  return undefined
}

/** The address of a bucket of AWS whose name is in the path, without which a torrent of the whole bucket has no name. */
function pathStyle(bucket: Bucket): Bucket {
  const [, name, region] =
    /^https:\/\/([a-z0-9-]{3,63})\.s3[.-]([a-z]{2}-[a-z-]+-\d)\.amazonaws\.com\/$/.exec(bucket.url) ?? []
  return name === undefined ? bucket : { ...bucket, url: `https://s3.${region}.amazonaws.com/${name}/` }
}

async function readBucket(bucket: Bucket, options: SourceOptions): Promise<Found> {
  const files: RemoteFile[] = []
  const skipped: { url: string; reason: string }[] = []
  const root = new URL(addressOfKey(bucket, bucket.prefix))
  const seen = new Set<string>()
  for (let next: Readonly<Record<string, string>> | undefined = {}; next; ) {
    const address = pageAddress(bucket, next)
    if (seen.has(address)) throw new CommandError('network', `The listing of ${bucket.url} repeats itself.`)
    seen.add(address)
    const { status, text } = await options.web.get(address, 'application/xml')
    if (status !== 200) throw new CommandError('network', `${address} answers ${status}.`)
    let lastKey = ''
    for (const entry of elementsOf(text, 'Contents')) {
      const written = elementOf(entry, 'Key') ?? ''
      // With `encoding-type=url`, so that a key may have any character.
      const key = /<EncodingType>url<\/EncodingType>/i.test(text)
        ? decodePercents(written.replaceAll('+', ' '))
        : written
      lastKey = key
      if (key.endsWith('/') || !key.startsWith(bucket.prefix)) continue
      const path = key.slice(bucket.prefix.length).split('/')
      const url = addressOfKey(bucket, key)
      if (path.some((name) => decodeName(encodeURIComponent(name)) === undefined))
        skipped.push({ url, reason: 'no file can have this name' })
      else if (path.some((_, end) => options.isExcluded(path.slice(0, end + 1)) !== undefined)) continue
      else files.push({ url, name: nameOfAddress(new URL(url)), isS3: true })
      if (files.length > options.maxFiles) throw tooMany(root, options.maxFiles)
    }
    options.onFound(files.length)
    const token = elementOf(text, 'NextContinuationToken')
    const isMore = elementOf(text, 'IsTruncated') === 'true'
    // A store that knows only the first version of the API goes on after a key.
    next = !isMore ? undefined : token !== undefined ? { 'continuation-token': token } : { marker: lastKey }
  }
  return { files, root, skipped }
}

function pageAddress({ url, prefix }: Bucket, next: Readonly<Record<string, string>>): string {
  const address = new URL(url)
  const isOld = next.marker !== undefined
  for (const [name, value] of Object.entries({
    ...(!isOld && { 'list-type': '2' }),
    'encoding-type': 'url',
    ...(prefix !== '' && { prefix }),
    ...next,
  }))
    address.searchParams.set(name, value)
  return address.href
}

function addressOfKey({ url }: Bucket, key: string): string {
  return `${url}${key.split('/').map(encodeURIComponent).join('/')}`
}

function elementOf(xml: string, name: string): string | undefined {
  const [found] = elementsOf(xml, name)
  return found === undefined ? undefined : decodeEntities(found)
}
