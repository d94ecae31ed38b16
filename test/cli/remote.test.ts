import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { freePort } from '../network/free-port.ts'
import { waitFor } from '../network/wait-for.ts'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { slowness } from '../system/slowness.ts'
import { startNginx } from './remote/nginx.ts'
import { type Json, type Person, startPerson } from './run-holdfast.ts'

const nowhere = { plcUrl: 'http://127.0.0.1:1' }

async function writeFiles(root: string, files: Record<string, number>): Promise<void> {
  for (const [path, size] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), randomBytes(size))
  }
}

const infoHashOf = async (person: Person, ...args: string[]): Promise<Json> =>
  (await person.json('torrent', 'create', ...args)).infoHashV2 as string

describe.skipIf(!needs('torrents of remote files', 'nginx'))('of files that nginx serves', () => {
  test('a torrent is the one that the files on disk have', async () => {
    await using scratch = await scratchDirectory()
    const root = join(scratch.path, 'www')
    await writeFiles(root, {
      'data/a b & c.bin': 700_000,
      'data/ü/deep.bin': 40_000,
      'data/empty': 0,
      'data/x.bin': 90_000,
    })
    await using nginx = await startNginx(root, { folder: scratch.path })
    await using person = await startPerson(nowhere)
    const remote = await person.json('torrent', 'create', `${nginx.url}data/`, '-o', 'remote.torrent')
    expect(remote).toMatchObject({ fileCount: 4, webseeds: [nginx.url], leftOut: [] })
    expect(await infoHashOf(person, join(root, 'data'), '-o', 'local.torrent')).toBe(remote.infoHashV2)
    const v1 = await person.json('torrent', 'create', `${nginx.url}data/`, '--v1', '-o', 'remote-v1.torrent')
    const local = await person.json('torrent', 'create', join(root, 'data'), '--v1', '-o', 'local-v1.torrent')
    expect(v1.infoHashV1).toBe(local.infoHashV1)
  })

  test('a later run with --keep-state reads only what has changed', async () => {
    await using scratch = await scratchDirectory()
    const root = join(scratch.path, 'www')
    await writeFiles(root, { 'data/a.bin': 300_000, 'data/b.bin': 300_000 })
    await using nginx = await startNginx(root, { folder: scratch.path })
    await using person = await startPerson(nowhere)
    const args = [`${nginx.url}data/`, '--keep-state', '--overwrite']
    const first = await person.json('torrent', 'create', ...args)
    // So much more that, without the earlier torrent, the pieces would be larger.
    await writeFiles(root, { 'data/b.bin': 40_000_000 })
    const before = (await nginx.requests()).length
    const second = await person.json('torrent', 'create', ...args)
    const asked = (await nginx.requests()).slice(before)
    const read = asked.filter(({ method, path }) => method === 'GET' && path.endsWith('.bin'))
    expect(read.map(({ path }) => path)).toEqual(['/data/b.bin'])
    expect(second).toMatchObject({ pieceLengthBytes: first.pieceLengthBytes, resumedBytes: 300_000 })
  })

  test('without ranges, each is read in one go', async () => {
    await using scratch = await scratchDirectory()
    const root = join(scratch.path, 'www')
    await writeFiles(root, { 'data/a.bin': 2_000_000, 'data/b.bin': 10 })
    await using nginx = await startNginx(root, { folder: scratch.path, directives: 'max_ranges 0;' })
    await using person = await startPerson(nowhere)
    const made = await infoHashOf(person, `${nginx.url}data/`)
    expect(made).toBe(await infoHashOf(person, join(root, 'data'), '-o', 'local.torrent'))
    expect((await nginx.requests()).filter(({ status }) => status === 206)).toEqual([])
  })

  test('a run that was killed goes on where it was, one piece of each file at most', async () => {
    await using scratch = await scratchDirectory()
    const root = join(scratch.path, 'www')
    const sizes = { 'data/a.bin': 3_000_000, 'data/b.bin': 3_000_000, 'data/c.bin': 200_000 }
    await writeFiles(root, sizes)
    // Each connection gets two megabytes a second.
    await using nginx = await startNginx(root, { folder: scratch.path, directives: 'limit_rate 2m;' })
    await using person = await startPerson(nowhere)
    const args = [
      'torrent',
      'create',
      `${nginx.url}data/`,
      '--keep',
      'kept',
      '--piece-length',
      '64KiB',
      '--json',
    ]
    const state = join(person.home, 'data.torrent.state')
    const { child, ended } = person.start(...args)
    // The pieces of c.bin and a dozen of each of the others.
    await waitFor(async () => (await stat(state)).size > 30 * 80, { what: 'pieces in the state file' })
    child.kill('SIGKILL')
    await ended
    const before = (await nginx.requests()).length

    const resumed = JSON.parse((await person.run(...args)).stdout) as Json
    expect(resumed.resumedBytes).toBeGreaterThan(1_000_000)
    const gets = (await nginx.requests())
      .slice(before)
      .filter(({ method, path }) => method === 'GET' && path.endsWith('.bin'))
    const sent = gets.reduce((sum, each) => sum + each.sent, 0)
    expect(sent + resumed.resumedBytes).toBeLessThanOrEqual(6_200_000)
    expect(gets.map(({ status }) => status)).toEqual([206, 206])
    expect(resumed.infoHashV2).toBe(
      await infoHashOf(person, join(root, 'data'), '-o', 'local.torrent', '--piece-length', '64KiB'),
    )
    for (const path of Object.keys(sizes))
      expect(await readFile(join(person.home, 'kept', path))).toEqual(await readFile(join(root, path)))
    expect((await readdir(person.home)).filter((name) => name.endsWith('.state'))).toEqual([])
  })
})

test.skipIf(!needs('remote files over TLS', 'nginx', 'openssl'))(
  'reads over TLS, and believes no other certificate',
  async () => {
    await using scratch = await scratchDirectory()
    const root = join(scratch.path, 'www')
    await writeFiles(root, { 'data/a.bin': 9_000_000, 'data/b.bin': 100_000 })
    const [key, certificate] = [join(scratch.path, 'key.pem'), join(scratch.path, 'cert.pem')]
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...[
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost',
        '-keyout',
        key,
        '-out',
        certificate,
      ],
    ])
    const directives = `ssl_certificate ${certificate}; ssl_certificate_key ${key};`
    await using nginx = await startNginx(root, { folder: scratch.path, directives, isTls: true })
    await using person = await startPerson(nowhere, { env: { NODE_EXTRA_CA_CERTS: certificate } })
    const remote = await infoHashOf(person, `${nginx.url}data/`, '-o', 'remote.torrent')
    expect(remote).toBe(await infoHashOf(person, join(root, 'data'), '-o', 'local.torrent'))
    await using stranger = await startPerson(nowhere)
    const { code, stderr } = await stranger.run('torrent', 'create', `${nginx.url}data/a.bin`)
    expect([code, stderr]).toEqual([5, expect.stringContaining('certificate')])
  },
)

test.skipIf(!needs('listings of Caddy', 'caddy'))('reads what Caddy lists', async () => {
  await using scratch = await scratchDirectory()
  const root = join(scratch.path, 'www')
  await writeFiles(root, { 'data/a b.bin': 5_000, 'data/sub/ü.bin': 6_000 })
  const port = await freePort()
  const child = spawn('caddy', ['file-server', '--browse', '--listen', `127.0.0.1:${port}`, '--root', root], {
    stdio: 'ignore',
    env: { ...process.env, HOME: scratch.path, XDG_CONFIG_HOME: scratch.path, XDG_DATA_HOME: scratch.path },
  })
  const ended = once(child, 'exit')
  try {
    await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/`)).ok, { what: 'Caddy' })
    await using person = await startPerson(nowhere)
    const remote = await infoHashOf(person, `http://127.0.0.1:${port}/data/`, '-o', 'remote.torrent')
    expect(remote).toBe(await infoHashOf(person, join(root, 'data'), '-o', 'local.torrent'))
  } finally {
    child.kill()
    await ended
  }
})

const canFetch = needs(
  'downloads of real clients from the server alone',
  'nginx',
  'network namespaces',
  'libtorrent',
  'transmission-daemon',
  'transmission-remote',
  'aria2c',
  'qbittorrent-nox',
)
test.skipIf(!canFetch)('four clients download what a torrent describes from its server alone', async () => {
  await using scratch = await scratchDirectory()
  const script = fileURLToPath(new URL('./remote/clients-from-webseed.ts', import.meta.url))
  const { stdout } = await promisify(execFile)('unshare', ['-n', process.execPath, script, scratch.path], {
    timeout: Math.round(55_000 * slowness()),
  })
  expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toEqual({
    libtorrent: ['directory', 'file'],
    qbittorrent: ['directory', 'file'],
    aria2: ['directory', 'file'],
    transmission: ['directory', 'file'],
  })
})
