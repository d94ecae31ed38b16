/**
 * Runs inside a network namespace of its own: clients-from-webseed.ts FOLDER has `holdfast` make torrents of what nginx
 * serves, and four clients download each from nginx alone. Prints as JSON which torrents each client has byte for byte.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '../../network/wait-for.ts'
import { realClients } from '../../tracker/real-clients/clients.ts'
import { startPerson } from '../run-holdfast.ts'
import { startNginx } from './nginx.ts'

const [folder] = process.argv.slice(2) as [string]
execFileSync('ip', ['link', 'set', 'lo', 'up'])
for (let number = 1; number < 10; number++) {
  execFileSync('ip', ['addr', 'add', `10.77.0.${number}/32`, 'dev', 'lo'])
  execFileSync('ip', ['addr', 'add', `fd77::${number}/128`, 'dev', 'lo', 'nodad'])
}

const root = join(folder, 'www')
const files = ['data/sets/a b+c.bin', 'data/sets/deep/ü.bin', 'data/sets/z.bin']
await mkdir(join(root, 'data/sets/deep'), { recursive: true })
for (const [index, file] of files.entries())
  await writeFile(join(root, file), randomBytes(150_000 + index * 33_333))
await writeFile(join(root, 'data/single.bin'), randomBytes(300_000))
const nginx = await startNginx(root, { folder, address: '10.77.0.1' })
await using person = await startPerson({ plcUrl: 'http://127.0.0.1:1' })

/** Transmission 3.00 opens no torrent with a v2 file tree. */
const versions: Record<string, 'hybrid' | 'v1'> = {
  libtorrent: 'hybrid',
  qbittorrent: 'hybrid',
  aria2: 'hybrid',
  transmission: 'v1',
}
for (const version of ['hybrid', 'v1'])
  for (const [name, path] of [
    ['directory', 'data/sets/'],
    ['file', 'data/single.bin'],
  ] as const) {
    const args = [`${nginx.url}${path}`, '-o', join(folder, `${name}-${version}.torrent`)]
    await person.json('torrent', 'create', ...args, ...(version === 'v1' ? ['--v1'] : []))
  }

const found: Record<string, string[]> = {}
const wanted = { directory: files.map((file) => file.slice('data/'.length)), file: ['single.bin'] }
await Promise.all(
  Object.entries(versions).map(async ([name, version], index) => {
    const client = realClients.find((each) => each.name === name)!
    const [target, home] = [join(folder, `${name}-files`), join(folder, `${name}-home`)]
    await mkdir(target)
    await mkdir(home)
    const torrents = Object.keys(wanted).map((torrent) => join(folder, `${torrent}-${version}.torrent`))
    const number = index + 2
    await using _client = await client.start({
      ...{ ipv4: `10.77.0.${number}`, ipv6: `fd77::${number}`, folder: target, home, torrents },
    })
    found[name] = []
    for (const [torrent, paths] of Object.entries(wanted)) {
      const isThere = await waitFor(() => allSame(paths, target), {
        what: `${name}: ${torrent}`,
        timeoutMs: 45_000,
      }).catch((error: Error) => void process.stderr.write(`${error.message}\n`))
      if (isThere) found[name]!.push(torrent)
    }
  }),
)
console.log(JSON.stringify(found))
// Leaving at once would leave nginx behind.
await nginx[Symbol.asyncDispose]()
process.exit(0)

async function allSame(paths: readonly string[], target: string): Promise<boolean> {
  for (const path of paths) {
    const [there, here] = await Promise.all([
      readFile(join(root, 'data', path)),
      readFile(join(target, path)),
    ])
    if (!there.equals(here)) return false
  }
  return true
}
