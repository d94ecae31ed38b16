import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { verifyFiles } from '@holdfast/torrent/verify'
import { describe, expect, test as sequential } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { type Content, listing, serve, startOrigin } from './remote/origin.ts'
import { type Json, type Person, startPerson } from './run-holdfast.ts'

// Servers that each misbehave in a way of their own. Each test waits mostly for programs to start.
const test = sequential.concurrent

const nowhere = { plcUrl: 'http://127.0.0.1:1' }
const etagOf = (bytes: Buffer) => `"${createHash('sha1').update(bytes).digest('hex').slice(0, 12)}"`
const fileOf = (bytes: Buffer, headers: Record<string, string> = {}): Content => ({
  bytes,
  etag: etagOf(bytes),
  headers,
})

/** Whether the `.torrent` describes exactly these files. */
async function isTorrentOf(person: Person, torrent: string, files: Record<string, Buffer>): Promise<boolean> {
  const metainfo = parseMetainfo(await readFile(join(person.home, torrent)))
  for (const { path } of metainfo.iterateFiles())
    await writeFile(join(person.home, path.at(-1)!), files[path.join('/')]!)
  const found = await verifyFiles(
    metainfo,
    metainfo.isSingleFile ? join(person.home, metainfo.name) : person.home,
    {
      isRoot: true,
    },
  )
  return found.ok && metainfo.fileCount === Object.keys(files).length
}

const jsonOf = (stdout: string): Json => JSON.parse(stdout)

test('reads a file again that changed after it was looked at', async () => {
  const [before, after] = [randomBytes(300_000), randomBytes(200_000)]
  let gets = 0
  await using origin = await startOrigin((request, response) => {
    if (request.method === 'GET') gets++
    serve(request, response, fileOf(gets > 0 ? after : before))
  })
  await using person = await startPerson(nowhere)
  const { code, stdout } = await person.run('torrent', 'create', `${origin.url}log.bin`, '--json')
  expect(code).toBe(0)
  expect(jsonOf(stdout)).toMatchObject({ sizeBytes: after.length, leftOut: [] })
  expect(await isTorrentOf(person, 'log.bin.torrent', { 'log.bin': after })).toBe(true)
})

test('reads a file again that changed after its last byte was read', async () => {
  const [before, after] = [randomBytes(100_000), randomBytes(100_000)]
  let gets = 0
  await using origin = await startOrigin((request, response) => {
    serve(request, response, fileOf(gets > 0 ? after : before))
    if (request.method === 'GET') gets++
  })
  await using person = await startPerson(nowhere)
  const { code } = await person.run('torrent', 'create', `${origin.url}log.bin`)
  expect(code).toBe(0)
  expect(await isTorrentOf(person, 'log.bin.torrent', { 'log.bin': after })).toBe(true)
})

test('names and leaves out a file that goes on changing, and exits with 1', async () => {
  const still = randomBytes(50_000)
  let version = 0
  await using origin = await startOrigin((request, response) => {
    if (request.url === '/d/') return listing(response, ['still.bin', 'live.bin'])
    if (request.url === '/d/still.bin') return serve(request, response, fileOf(still))
    return serve(request, response, { bytes: still, etag: `"${version++}"` })
  })
  await using person = await startPerson(nowhere)
  const { code, stdout } = await person.run('torrent', 'create', `${origin.url}d/`, '--json')
  expect(code).toBe(1)
  expect(jsonOf(stdout).leftOut).toEqual([
    { url: `${origin.url}d/live.bin`, reason: expect.stringContaining('goes on changing') },
  ])
  expect(await isTorrentOf(person, 'd.torrent', { 'still.bin': still })).toBe(true)
})

test('leaves out a file that is not what its origin’s checksum says', async () => {
  const bytes = randomBytes(70_000)
  const md5 = (content: Buffer) => createHash('md5').update(content).digest('base64')
  await using origin = await startOrigin((request, response) => {
    if (request.url === '/d/') return listing(response, ['good.bin', 'bad.bin'])
    const stated = request.url === '/d/good.bin' ? bytes : randomBytes(10)
    return serve(request, response, fileOf(bytes, { 'content-md5': md5(stated) }))
  })
  await using person = await startPerson(nowhere)
  const { code, stdout } = await person.run('torrent', 'create', `${origin.url}d/`, '--json')
  expect(code).toBe(1)
  expect(jsonOf(stdout)).toMatchObject({
    fileCount: 1,
    leftOut: [{ url: `${origin.url}d/bad.bin`, reason: expect.stringContaining('Content-MD5') }],
  })
})

test('goes on with a file whose connection breaks, from the byte where it was', async () => {
  const bytes = randomBytes(3_000_000)
  const starts: number[] = []
  await using origin = await startOrigin((request, response) => {
    if (request.method === 'HEAD') return serve(request, response, fileOf(bytes))
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    starts.push(from)
    if (starts.length > 2) return serve(request, response, fileOf(bytes))
    const common = { etag: etagOf(bytes), 'content-length': bytes.length - from }
    response.writeHead(from === 0 ? 200 : 206, {
      ...common,
      ...(from > 0 && { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    })
    response.write(bytes.subarray(from, from + 1_000_000), () => response.destroy())
  })
  await using person = await startPerson(nowhere)
  const { code } = await person.run('torrent', 'create', `${origin.url}a.bin`)
  expect(code).toBe(0)
  expect(await isTorrentOf(person, 'a.bin.torrent', { 'a.bin': bytes })).toBe(true)
  expect(starts).toHaveLength(3)
  expect(starts[1]).toBeGreaterThan(900_000)
})

test.each([true, false])(
  'a killed run goes on with the checksum of a file, too (right: %s)',
  async (isRight) => {
    const bytes = randomBytes(3_000_000)
    const stated = createHash('md5')
      .update(isRight ? bytes : 'other')
      .digest('base64')
    const content = fileOf(bytes, { 'content-md5': stated })
    const starts: number[] = []
    await using origin = await startOrigin((request, response) => {
      if (request.method === 'HEAD') return serve(request, response, content)
      starts.push(Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0))
      if (starts.length > 1) return serve(request, response, content)
      // Most of it comes, and then nothing.
      response.writeHead(200, { etag: content.etag, 'content-length': bytes.length })
      response.write(bytes.subarray(0, 2_500_000))
    })
    await using person = await startPerson(nowhere)
    const args = ['torrent', 'create', `${origin.url}a.bin`, '--piece-length', '64KiB', '--json']
    const { child, ended } = person.start(...args)
    const state = join(person.home, 'a.bin.torrent.state')
    await waitFor(async () => (await stat(state)).size > 30 * 100, { what: 'pieces in the state file' })
    child.kill('SIGKILL')
    await ended
    const { code, stdout } = await person.run(...args)
    expect(starts[1]).toBeGreaterThan(1_500_000)
    expect(code).toBe(isRight ? 0 : 1)
    if (isRight) expect(await isTorrentOf(person, 'a.bin.torrent', { 'a.bin': bytes })).toBe(true)
    else expect(jsonOf(stdout).message).toContain('Content-MD5')
  },
)

test('waits as long as a busy server asks, on all connections', async () => {
  const bytes = randomBytes(20_000)
  let busyUntil = 0
  const early: string[] = []
  await using origin = await startOrigin((request, response) => {
    if (request.url === '/d/') return listing(response, ['a.bin', 'b.bin', 'c.bin'])
    if (request.method === 'HEAD') return serve(request, response, fileOf(bytes))
    if (busyUntil === 0) {
      busyUntil = Date.now() + 1000
      response.writeHead(429, { 'retry-after': '1', 'content-length': 0 }).end()
      return
    }
    if (Date.now() < busyUntil - 50 && request.url !== '/d/b.bin' && request.url !== '/d/c.bin')
      early.push(request.url!)
    serve(request, response, fileOf(bytes))
  })
  await using person = await startPerson(nowhere)
  const { code, stdout } = await person.run('torrent', 'create', `${origin.url}d/`, '--json')
  expect([code, jsonOf(stdout).fileCount, early]).toEqual([0, 3, []])
})

test('keeps files ready to seed, and never over another file', async () => {
  const bytes = randomBytes(400_000)
  await using origin = await startOrigin((request, response) => {
    if (request.url === '/d/') return listing(response, ['a.bin', 'empty.bin'])
    return serve(request, response, fileOf(request.url === '/d/a.bin' ? bytes : Buffer.alloc(0)))
  })
  await using person = await startPerson(nowhere)
  const create = () => person.run('torrent', 'create', `${origin.url}d/`, '--keep', 'mirror', '--overwrite')
  expect((await create()).code).toBe(0)
  expect(await readFile(join(person.home, 'mirror/d/a.bin'))).toEqual(bytes)
  expect((await readdir(join(person.home, 'mirror/d'))).sort()).toEqual(['a.bin', 'empty.bin'])

  await writeFile(join(person.home, 'mirror/d/a.bin'), 'mine')
  const again = await create()
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('a.bin')])
  expect(await readFile(join(person.home, 'mirror/d/a.bin'), 'utf8')).toBe('mine')
})

test('makes a torrent for each file whose address no path gives', async () => {
  const [one, two] = [randomBytes(1000), randomBytes(2000)]
  await using origin = await startOrigin((request, response) =>
    serve(request, response, fileOf(request.url === '/get?id=1' ? one : two)),
  )
  await using person = await startPerson(nowhere)
  await writeFile(
    join(person.home, 'urls.txt'),
    `# two files\n${origin.url}get?id=1\n${origin.url}get?id=2\n`,
  )
  const { code, stdout } = await person.run(
    'torrent',
    'create',
    '--urls',
    'urls.txt',
    '-o',
    'made/',
    '--json',
  )
  expect(code).toBe(0)
  const made = stdout.trim().split('\n').map(jsonOf)
  expect(made.map(({ webseeds, sizeBytes }) => [webseeds, sizeBytes])).toEqual([
    [[`${origin.url}get?id=1`], 1000],
    [[`${origin.url}get?id=2`], 2000],
  ])
  expect((await readdir(join(person.home, 'made'))).sort()).toEqual(['get.2.torrent', 'get.torrent'])
})

describe('a hostile server', () => {
  test('cannot place files outside, or under names that repaint a terminal', async () => {
    const bytes = randomBytes(1000)
    await using origin = await startOrigin((request, response) => {
      if (request.url === '/d/')
        return listing(response, [
          ...[
            'ok.bin',
            '%2e%2e%2fescaped',
            '%1b[2J',
            '/etc/passwd',
            '../up.bin',
            'http://other.example/x',
            '..%5Cback',
          ],
        ])
      return serve(request, response, fileOf(bytes))
    })
    await using person = await startPerson(nowhere)
    const { code, stderr } = await person.run('torrent', 'create', `${origin.url}d/`)
    expect([code, stderr.match(/no file can have this name/g)?.length]).toEqual([0, 3])
    expect(await isTorrentOf(person, 'd.torrent', { 'ok.bin': bytes })).toBe(true)
    expect(
      origin.requests.map(({ path }) => path).filter((path) => path !== '/d/' && path !== '/d/ok.bin'),
    ).toEqual([])
  })

  test('that lists a loop, or too much, ends in an error that names the option', async () => {
    await using origin = await startOrigin((request, response) => {
      const isMany = request.url!.startsWith('/many/')
      listing(response, isMany ? Array.from({ length: 30 }, (_, i) => `f${i}`) : ['again/'])
    })
    await using person = await startPerson(nowhere)
    const loop = await person.run('torrent', 'create', `${origin.url}d/`, '--max-depth', '5')
    expect([loop.code, loop.stderr]).toEqual([1, expect.stringContaining('--max-depth')])
    const many = await person.run('torrent', 'create', `${origin.url}many/`, '--max-files', '20')
    expect([many.code, many.stderr]).toEqual([1, expect.stringContaining('--max-files')])
  })

  test('that compresses all the same has its file left out', async () => {
    await using origin = await startOrigin((request, response) =>
      serve(request, response, fileOf(randomBytes(10), { 'content-encoding': 'gzip' })),
    )
    await using person = await startPerson(nowhere)
    const { code, stderr } = await person.run('torrent', 'create', `${origin.url}a.bin`)
    expect([code, stderr]).toEqual([1, expect.stringContaining('encoding gzip')])
  })

  test('in this network is not asked unless that is allowed', async () => {
    await using origin = await startOrigin((_request, response) => response.end())
    await using person = await startPerson({ plcUrl: 'https://plc.example' })
    const { code, stderr } = await person.run('torrent', 'create', `${origin.url}a.bin`)
    expect([code, stderr]).toEqual([5, expect.stringContaining('HOLDFAST_ALLOW_PRIVATE_HOSTS')])
    expect(origin.requests).toEqual([])
  })
})
