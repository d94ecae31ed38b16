import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { loadConfig } from '@holdfast/cli/config'
import { connect } from '@holdfast/cli/connections'
import {
  type AddressOptions,
  givenAddresses,
  listAddresses,
  makeFromAddresses,
} from '@holdfast/cli/remote/make-from-addresses'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { bep19Url } from '@holdfast/torrent/webseed'
import { describe, expect, test } from 'vitest'
import { scratchDirectory } from '../system/scratch.ts'
import { listing, serve, startOrigin } from './remote/origin.ts'
import type { Json } from './run-holdfast.ts'

// The answers of the repositories' APIs are written here after their documentation; the bucket is a small store that
// speaks ListObjectsV2.

const connections = connect(loadConfig({ HOLDFAST_ALLOW_PRIVATE_HOSTS: 'on' }))
const content = new Map<string, Buffer>()
const bytesOf = made
function made(name: string): Buffer {
  if (!content.has(name)) content.set(name, randomBytes(1000 + name.length))
  return content.get(name)!
}
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const json = (response: ServerResponse, value: unknown) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
const nothing = (response: ServerResponse) => void response.writeHead(404, { 'content-length': 0 }).end()
const send = (request: IncomingMessage, response: ServerResponse, name: string) =>
  serve(request, response, { bytes: bytesOf(name), etag: `"${md5(bytesOf(name))}"` })

interface Torrent {
  readonly name: string
  readonly files: string[]
  /** The addresses that a client makes of the webseed and the paths. */
  readonly addresses: string[]
  readonly leftOut: readonly { readonly url: string; readonly reason: string }[]
}

/** Makes torrents of an address; checks that a client would find each file at the address that BEP 19 makes. */
async function torrentsOf(address: string, options: AddressOptions = {}): Promise<Torrent[]> {
  await using scratch = await scratchDirectory()
  const torrents: Torrent[] = []
  for await (const each of makeFromAddresses(
    connections,
    givenAddresses([address]),
    { output: `${scratch.path}/`, ...options },
    [],
  )) {
    if (!('created' in each)) {
      torrents.push({ name: '', files: [], addresses: [], leftOut: each.leftOut })
      continue
    }
    const metainfo = parseMetainfo(each.created.metainfo)
    const files = [...metainfo.iterateFiles()]
    const addresses = files.map((file) => bep19Url(metainfo, metainfo.webseeds[0]!.url, file))
    for (const [index, url] of addresses.entries()) {
      const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
      expect(bytes.length).toBe(files[index]!.sizeBytes)
    }
    torrents.push({
      name: metainfo.name,
      files: files.map(({ path }) => path.join('/')),
      addresses,
      leftOut: each.leftOut,
    })
  }
  return torrents
}

describe('an S3-compatible bucket', () => {
  const keys = ['readme', 'sets/a b.bin', 'sets/deep/ü+.bin', 'sets/z.bin', 'sets/']
  const store = (wrong?: string) => (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url!, 'http://x')
    const key = decodeURIComponent(url.pathname.replace(/^\/bucket\//, ''))
    if (key !== '') {
      if (key.endsWith('/') || !keys.includes(key)) {
        response.writeHead(404, { 'content-type': 'application/xml' })
        return void response.end('<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>')
      }
      const etag = `"${md5(key === wrong ? Buffer.alloc(1) : bytesOf(key))}"`
      return serve(request, response, { bytes: bytesOf(key), etag })
    }
    const prefix = url.searchParams.get('prefix') ?? ''
    const all = keys.filter((each) => each.startsWith(prefix)).sort()
    const from = Number(url.searchParams.get('continuation-token') ?? 0)
    const page = all.slice(from, from + 2)
    const contents = page.map(
      (each) =>
        `<Contents><Key>${encodeURIComponent(each)}</Key><Size>${each.endsWith('/') ? 0 : bytesOf(each).length}</Size><ETag>&quot;${md5(bytesOf(each))}&quot;</ETag></Contents>`,
    )
    const isMore = from + 2 < all.length
    response.writeHead(200, { 'content-type': 'application/xml' })
    response.end(
      `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isMore}</IsTruncated>${contents.join('')}${isMore ? `<NextContinuationToken>${from + 2}</NextContinuationToken>` : ''}</ListBucketResult>`,
    )
  }

  test('is read page by page, below the prefix that was asked for', async () => {
    await using origin = await startOrigin(store())
    expect(await torrentsOf(`${origin.url}bucket/`)).toMatchObject([
      { name: 'bucket', files: ['readme', 'sets/a b.bin', 'sets/deep/ü+.bin', 'sets/z.bin'] },
    ])
    expect(await torrentsOf(`${origin.url}bucket/sets/`, { exclude: ['z.*'] })).toMatchObject([
      { name: 'sets', files: ['a b.bin', 'deep/ü+.bin'] },
    ])
  })

  test('is read under its s3:// address, and the torrent leads to http', async () => {
    await using origin = await startOrigin(store())
    const endpoint = origin.url
    const addressOf = (path: string) => `${origin.url}bucket/${path}`
    expect(await torrentsOf('s3://bucket', { endpoint })).toMatchObject([
      { name: 'bucket', files: ['readme', 'sets/a b.bin', 'sets/deep/ü+.bin', 'sets/z.bin'] },
    ])
    for (const address of ['s3://bucket/sets/deep/', 's3://bucket/sets/deep'])
      expect(await torrentsOf(address, { endpoint })).toMatchObject([
        { name: 'deep', files: ['ü+.bin'], addresses: [addressOf('sets/deep/%C3%BC%2B.bin')] },
      ])
    expect(await torrentsOf('S3://bucket/sets/a b.bin', { endpoint })).toMatchObject([
      { name: 'a b.bin', addresses: [addressOf('sets/a%20b.bin')] },
    ])
  })

  test('tells by its listing how large each object is', async () => {
    await using origin = await startOrigin(store())
    const { files } = await listAddresses(connections, givenAddresses(['s3://bucket/sets/']), {
      endpoint: origin.url,
    })
    expect(files.map(({ sizeBytes }) => sizeBytes)).toEqual(
      keys.slice(1, 4).map((key) => bytesOf(key).length),
    )
  })

  test('is refused in words if nobody may list it, it is missing or has nothing there', async () => {
    await using origin = await startOrigin((request, response) => {
      if (/^\/(?:bucket|other)/.test(request.url!)) return store()(request, response)
      const isPrivate = request.url!.startsWith('/private')
      response.writeHead(isPrivate ? 403 : 404, { 'content-type': 'application/xml' })
      response.end(`<Error><Code>${isPrivate ? 'AccessDenied' : 'NoSuchBucket'}</Code></Error>`)
    })
    const endpoint = origin.url
    for (const [address, kind, message] of [
      ['s3://private/', 'auth', '403 (AccessDenied). Only public buckets'],
      ['s3://missing/', 'notFound', '404 (NoSuchBucket)'],
      ['s3://bucket/nothing/', 'notFound', 'There are no objects at s3://bucket/nothing/'],
      ['s3://', 'usage', 's3://BUCKET/PREFIX/'],
      ['s3://bucket/../other/', 'usage', 's3://BUCKET/PREFIX/'],
      [`${origin.url}bucket/`, 'usage', '--endpoint applies to s3:// addresses'],
    ] as const)
      await expect(torrentsOf(address, { endpoint }), address).rejects.toMatchObject({
        kind,
        message: expect.stringContaining(message),
      })
  })

  test('is not read if its listing is no XML, or larger than any page can be', async () => {
    for (const page of ['<ListBucketResult><Contents>', `<ListBucketResult>${'<a/>'.repeat(2 ** 20)}`]) {
      await using origin = await startOrigin((_, response) => void response.end(page))
      await expect(torrentsOf('s3://bucket/', { endpoint: origin.url })).rejects.toThrow('does not list')
    }
  })

  test('has an object left out that is not what its ETag says', async () => {
    await using origin = await startOrigin(store('sets/z.bin'))
    const [torrent] = await torrentsOf(`${origin.url}bucket/sets/`)
    expect(torrent!.leftOut).toEqual([
      { url: `${origin.url}bucket/sets/z.bin`, reason: expect.stringContaining('ETag of S3') },
    ])
  })
})

describe('a record of InvenioRDM, such as on Zenodo,', () => {
  const record = (withPaths: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const { url } = request as { url: string }
    const [, name] = /^\/(?:api\/)?records\/12\/files\/([^/]+)(?:\/content)?$/.exec(url) ?? []
    const host = `http://${request.headers.host}`
    if (url === '/api/records/12/files')
      return json(response, {
        entries: ['a.csv', 'b.csv'].map((key) => ({
          ...{ key, size: bytesOf(key).length, checksum: `md5:${md5(bytesOf(key))}` },
          links: { content: `${host}/api/records/12/files/${key}/content` },
        })),
      })
    return name && (withPaths || url.endsWith('/content')) ? send(request, response, name) : nothing(response)
  }

  test('becomes one torrent by the paths that the site serves', async () => {
    await using origin = await startOrigin(record(true))
    const [torrent] = await torrentsOf(`${origin.url}records/12`)
    expect(torrent).toMatchObject({ name: 'files', files: ['a.csv', 'b.csv'], leftOut: [] })
  })

  test('becomes a torrent a file where the site serves no paths', async () => {
    await using origin = await startOrigin(record(false))
    const torrents = await torrentsOf(`${origin.url}records/12`)
    expect(torrents.map(({ name, addresses }) => [name, addresses[0]])).toEqual([
      ['a.csv', `${origin.url}api/records/12/files/a.csv/content`],
      ['b.csv', `${origin.url}api/records/12/files/b.csv/content`],
    ])
  })
})

test('a dataset of Dataverse becomes a torrent a file, of the originals, none restricted', async () => {
  await using origin = await startOrigin((request, response) => {
    const { url } = request as { url: string }
    const [, id] = /^\/api\/access\/datafile\/(\d+)/.exec(url) ?? []
    if (id) return send(request, response, id === '2' && !url.endsWith('?format=original') ? 'converted' : id)
    const stated = (name: string) => ({ checksum: { type: 'MD5', value: md5(bytesOf(name)) } })
    const files: Json[] = [
      {
        label: 'a.txt',
        restricted: false,
        dataFile: { id: 1, filesize: bytesOf('1').length, ...stated('1') },
      },
      {
        ...{ label: 't.tab', restricted: false },
        dataFile: {
          ...{ id: 2, filesize: 5, originalFileFormat: 'text/csv', originalFileName: 't.csv' },
          ...{ originalFileSize: bytesOf('2').length, ...stated('2') },
        },
      },
      { label: 'secret', restricted: true, dataFile: { id: 3 } },
    ]
    return json(response, { status: 'OK', data: { latestVersion: { files } } })
  })
  const torrents = await torrentsOf(`${origin.url}dataset.xhtml?persistentId=doi:10.5072/FK2/ABC`)
  expect(torrents.map(({ name, addresses }) => [name, addresses[0]])).toEqual([
    ['a.txt', `${origin.url}api/access/datafile/1`],
    ['t.csv', `${origin.url}api/access/datafile/2?format=original`],
  ])
})

test('a dataset of CKAN becomes a torrent of its resources, without one whose hash is another', async () => {
  await using origin = await startOrigin((request, response) => {
    const { url } = request as { url: string }
    const host = `http://${request.headers.host}`
    if (url === '/api/3/action/package_show?id=levels')
      return json(response, {
        success: true,
        result: {
          resources: [
            { url: `${host}/files/levels/a.csv`, hash: sha256(bytesOf('a.csv')) },
            { url: `${host}/files/levels/b.csv`, hash: `md5:${md5(bytesOf('a.csv'))}` },
            { url: `${host}/files/levels/c.csv`, hash: '' },
          ],
        },
      })
    return send(request, response, url.split('/').at(-1)!)
  })
  const [torrent, ...others] = await torrentsOf(`${origin.url}dataset/levels`)
  expect(others).toEqual([])
  expect(torrent).toMatchObject({ name: 'levels', files: ['a.csv', 'c.csv'] })
  expect(torrent!.leftOut).toEqual([
    { url: `${origin.url}files/levels/b.csv`, reason: expect.stringContaining('CKAN') },
  ])
})

test('an article of figshare becomes a torrent a file, compared with its MD5', async () => {
  await using origin = await startOrigin((request, response) => {
    const { url } = request as { url: string }
    const host = `http://${request.headers.host}`
    if (url !== '/v2/articles/7') return send(request, response, url.split('/').at(-1)!)
    const [good, bad] = [10, 11].map((id) => ({
      ...{ name: `${id}.bin`, size: bytesOf(String(id)).length },
      download_url: `${host}/files/${id}`,
    }))
    return json(response, {
      files: [
        { ...good, computed_md5: md5(bytesOf('10')) },
        { ...bad, computed_md5: md5(bytesOf('10')) },
      ],
    })
  })
  const torrents = await torrentsOf(`${origin.url}v2/articles/7`)
  expect(torrents).toMatchObject([
    { name: '10.bin', addresses: [`${origin.url}files/10`], leftOut: [] },
    { name: '', leftOut: [{ url: `${origin.url}files/11`, reason: expect.stringContaining('figshare') }] },
  ])
})

test('a bag is read by its manifests, and compared with them', async () => {
  await using origin = await startOrigin((request, response) => {
    const path = decodeURIComponent(request.url!)
    const text = (body: string) =>
      serve(request, response, { bytes: Buffer.from(body), etag: `"${md5(Buffer.from(body))}"` })
    if (path === '/bags/b1/') return nothing(response)
    if (path === '/bags/b1/bagit.txt') return text('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n')
    if (path === '/bags/b1/manifest-sha256.txt')
      return text(
        `${sha256(bytesOf('a b.bin'))}  data/a b.bin\n${sha256(bytesOf('x'))}  data/wrong.bin\n${sha256(bytesOf('x'))}  ../../up.bin\n`,
      )
    if (path.startsWith('/bags/b1/data/')) return send(request, response, path.split('/').at(-1)!)
    return nothing(response)
  })
  const [torrent] = await torrentsOf(`${origin.url}bags/b1/`)
  expect(torrent).toMatchObject({ name: 'b1', files: ['bagit.txt', 'data/a b.bin', 'manifest-sha256.txt'] })
  expect(torrent!.leftOut).toEqual([
    { url: `${origin.url}bags/b1/data/wrong.bin`, reason: expect.stringContaining('manifest-sha256.txt') },
  ])
})

test('a sitemap index leads to the files of all its sitemaps', async () => {
  await using origin = await startOrigin((request, response) => {
    const host = `http://${request.headers.host}`
    const xml = (element: string, places: string[]) =>
      void response
        .writeHead(200, { 'content-type': 'application/xml' })
        .end(
          `<?xml version="1.0"?><${element}>${places.map((place) => `<x><loc>${host}${place}</loc></x>`).join('')}</${element}>`,
        )
    if (request.url === '/sitemap.xml')
      return xml('sitemapindex', ['/sitemap-1.xml', '/sitemap.xml', '/sitemap-2.xml'])
    if (request.url === '/sitemap-1.xml') return xml('urlset', ['/pub/a.csv'])
    if (request.url === '/sitemap-2.xml') return xml('urlset', ['/pub/deep/b.csv'])
    return send(request, response, request.url!)
  })
  expect(await torrentsOf(`${origin.url}sitemap.xml`)).toMatchObject([
    { name: 'pub', files: ['a.csv', 'deep/b.csv'] },
  ])
})

test('files at the root of a host become a torrent for each first directory, and one a file', async () => {
  await using origin = await startOrigin((request, response) => {
    if (request.url === '/') return listing(response, ['one/', 'top.bin'])
    if (request.url === '/one/') return listing(response, ['a.bin', 'b.bin'])
    return send(request, response, request.url!)
  })
  expect(await torrentsOf(origin.url)).toMatchObject([
    { name: 'one', files: ['a.bin', 'b.bin'] },
    { name: 'top.bin', files: ['top.bin'] },
  ])
})

test('a listing in JSON, as nginx and Caddy write it, is read like one in HTML', async () => {
  await using origin = await startOrigin((request, response) => {
    if (request.url === '/d/')
      return json(response, [
        { name: 'sub', type: 'directory' },
        { name: 'a b.bin', type: 'file' },
      ])
    if (request.url === '/d/sub/') return json(response, [{ name: 'c.bin', is_dir: false }])
    return send(request, response, request.url!)
  })
  expect(await torrentsOf(`${origin.url}d/`)).toMatchObject([{ name: 'd', files: ['a b.bin', 'sub/c.bin'] }])
})
