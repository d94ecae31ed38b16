import { CommandError } from '../../command-error.ts'
import { childrenOf, descend, readXml, type XmlElement } from '../../import/xml.ts'
import { decodeName, decodePercents, nameOfAddress } from '../addresses.ts'
import type { RemoteFile } from '../remote-file.ts'
import type { Web, WebAnswer } from '../web.ts'
import { sizeOf } from './json.ts'
import { tooMany } from './listing.ts'
import type { Found, Source, SourceOptions } from './source.ts'

/** A bucket, whose address ends in a slash, and the start of the keys that are wanted. */
interface Bucket {
  readonly url: string
  readonly prefix: string
}

/** What an `s3://` address names. */
export interface NamedBucket {
  readonly name: string
  /** The key of an object, or the start of keys; as it is, without percent-encoding. */
  readonly key: string
}

/** A page has a thousand keys, of 3 kB at most when encoded; the elements of a larger document could fill the memory. */
const maxPageLength = 4 * 2 ** 20

/** Answers after which no other way of writing a bucket's address is tried: the server knows what was asked for. */
const finalCodes: ReadonlySet<string> = new Set(['NoSuchBucket', 'AccessDenied', 'AllAccessDisabled'])

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

/** The parts of `s3://BUCKET/KEY`; undefined for an address of another kind. Throws a CommandError if it names no bucket. */
export function parseBucket(address: string): NamedBucket | undefined {
  if (!/^s3:\/\//i.test(address)) return undefined
  const [, name, key = ''] = /^s3:\/\/([a-z0-9][\w.-]{0,254})(?:\/(.*))?$/is.exec(address) ?? []
  if (name === undefined || key.split('/').some((part) => part === '.' || part === '..'))
    throw new CommandError('usage', `${address} names no bucket; write s3://BUCKET/PREFIX/.`)
  return { name, key }
}

/** The object with this key, or else all below it. Throws a CommandError if not everybody may list the bucket. */
export async function readNamedBucket(named: NamedBucket, options: SourceOptions): Promise<Found> {
  const { name, key } = named
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`
  const url = await addressOfBucket(named, options)
  if (prefix !== key) {
    const object = addressOfKey({ url }, key)
    const { status } = await options.web.head(object)
    if (status === 200)
      return { files: [{ url: object, name: nameOfAddress(new URL(object)), isS3: true }], skipped: [] }
  }
  const found = await readBucket({ url, prefix }, options)
  if (found.files.length === 0 && found.skipped.length === 0)
    throw new CommandError('notFound', `There are no objects at s3://${name}/${key}.`)
  return found
}

/** The http(s) address at which the store has a bucket, in the path (which names the torrent) or else in the host. */
async function addressOfBucket({ name }: NamedBucket, { web, endpoint }: SourceOptions): Promise<string> {
  const server = new URL(endpoint ?? (await amazonEndpoint(name, web)))
  const inPath = `${server}${name}/`
  const answer = await web.get(probeAddress(inPath), 'application/xml')
  if (listingOf(answer)) return inPath
  const code = descend(xmlOf(answer), 'Code')?.text
  const inHost = `${server.protocol}//${name}.${server.host}/`
  const mayBeHost = /^[a-z0-9][a-z0-9-]*$/.test(name) && server.pathname === '/' && URL.canParse(inHost)
  if (mayBeHost && !finalCodes.has(code ?? '')) {
    const other = await web.get(probeAddress(inHost), 'application/xml').catch((error: unknown) => {
      if (error instanceof CommandError) return undefined
      throw error
    })
    if (other && listingOf(other)) return inHost
  }
  const { status } = answer
  throw new CommandError(
    status === 404 ? 'notFound' : status === 401 || status === 403 ? 'auth' : 'network',
    `${server.host} does not list the bucket ${name}: it answers ${status}${code ? ` (${code})` : ''}. Only public buckets that anybody may list can be read${endpoint === undefined ? '; that of another server than Amazon’s needs --endpoint' : ''}.`,
  )
}

/** Amazon's server of the region that has a bucket; others answer with a redirect that says no address. */
async function amazonEndpoint(bucket: string, web: Web): Promise<string> {
  const { headers } = await web.head(`https://s3.amazonaws.com/${bucket}/`)
  const region = headers.get('x-amz-bucket-region') ?? ''
  return /^[a-z]{2}(?:-[a-z]+)+-\d+$/.test(region)
    ? `https://s3.${region}.amazonaws.com/`
    : 'https://s3.amazonaws.com/'
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
    const listing = listingOf(await web.get(pageAddress(bucket, {}), 'application/xml'))
    if (childrenOf(listing, 'Contents').length > 0) return pathStyle(bucket)
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
    const answer = await options.web.get(address, 'application/xml')
    const listing = listingOf(answer)
    if (!listing)
      throw new CommandError(
        'network',
        answer.status === 200
          ? `${address} answers with something that is no listing of a bucket.`
          : `${address} answers ${answer.status}.`,
      )
    // With `encoding-type=url`, so that a key may have any character.
    const isEncoded = descend(listing, 'EncodingType')?.text.toLowerCase() === 'url'
    let lastKey = ''
    for (const entry of childrenOf(listing, 'Contents')) {
      const written = descend(entry, 'Key')?.text ?? ''
      const key = isEncoded ? decodePercents(written.replaceAll('+', ' ')) : written
      lastKey = key
      if (key === '' || key.endsWith('/') || !key.startsWith(bucket.prefix)) continue
      const path = key.slice(bucket.prefix.length).split('/')
      const url = addressOfKey(bucket, key)
      if (path.some((name) => decodeName(encodeURIComponent(name)) === undefined))
        skipped.push({ url, reason: 'no file can have this name' })
      else if (path.some((_, end) => options.isExcluded(path.slice(0, end + 1)) !== undefined)) continue
      else {
        const sizeBytes = sizeOf(Number(descend(entry, 'Size')?.text || Number.NaN))
        files.push({ url, name: nameOfAddress(new URL(url)), sizeBytes, isS3: true })
      }
      if (files.length > options.maxFiles) throw tooMany(root, options.maxFiles)
    }
    options.onFound(files.length)
    const token = descend(listing, 'NextContinuationToken')?.text
    const isMore = descend(listing, 'IsTruncated')?.text === 'true'
    // A store that knows only the first version of the API goes on after a key.
    next = !isMore ? undefined : token !== undefined ? { 'continuation-token': token } : { marker: lastKey }
  }
  return { files, root, skipped }
}

/** The listing that a store answers with; undefined for any other answer. */
function listingOf(answer: WebAnswer): XmlElement | undefined {
  const root = answer.status === 200 ? xmlOf(answer) : undefined
  return root?.name === 'ListBucketResult' ? root : undefined
}

function xmlOf({ text }: WebAnswer): XmlElement | undefined {
  if (text.length > maxPageLength) return undefined
  try {
    return readXml(text)
  } catch {
    return undefined
  }
}

function probeAddress(url: string): string {
  return pageAddress({ url, prefix: '' }, { 'max-keys': '1' })
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

function addressOfKey({ url }: Pick<Bucket, 'url'>, key: string): string {
  return `${url}${key.split('/').map(encodeURIComponent).join('/')}`
}
