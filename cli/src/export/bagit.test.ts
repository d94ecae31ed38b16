import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collections } from '@holdfast/lexicons/nsid'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { importBag, readBag } from '../import/formats/bagit.ts'
import type { ExportedDataset } from './exported-dataset.ts'
import { writeBags } from './write-bags.ts'

let home: string
let out: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-bags-'))
  out = join(home, 'bags')
})
afterEach(() => rm(home, { recursive: true }))

const sum = (text: string) => createHash('sha256').update(text).digest('hex')

/** A dataset with a source for each address; `content` is what it serves. */
function datasetOf(sources: readonly (readonly [url: string, content: string])[], rkey = 'levels') {
  return {
    uri: `at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/${collections.dataset}/${rkey}`,
    rkey,
    torrents: [],
    record: {
      title: 'Levels',
      description: 'One line.\rTwo lines.\r\n\r\nMagic: not a label',
      sources: sources.map(([url, content]) => ({
        url,
        sizeBytes: Buffer.byteLength(content),
        checksums: [{ algorithm: 'sha-256', value: sum(content) }],
      })),
      createdAt: '2026-11-20T12:00:00.000Z',
    },
  } as unknown as ExportedDataset
}

/**
 * A reader of its own, after RFC 8493 alone and strict: it fetches what `fetch.txt` names from `served`, and returns the
 * faults of the bag as bagit-python names them.
 */
async function faultsOf(bag: string, served: Record<string, string>): Promise<string[]> {
  const faults: string[] = []
  const lines = async (name: string) => {
    const text = await readFile(join(bag, name), 'utf8').catch(() => '')
    if (text !== '' && !text.endsWith('\n')) faults.push(`${name} does not end its last line`)
    return text.split(/\r\n|\r|\n/).slice(0, -1)
  }
  const pathOf = (written: string) => {
    if (/%(?!0A|0D|25)/i.test(written)) faults.push(`${written} has a bare per cent sign`)
    return written.replace(/%(0A|0D|25)/gi, (escaped) => decodeURIComponent(escaped))
  }
  const declaration = await lines('bagit.txt')
  if (!/^BagIt-Version: 1\.0$/.test(declaration[0]!) || declaration.length !== 2) faults.push('bagit.txt')
  if (!(await stat(join(bag, 'data'))).isDirectory()) faults.push('no payload directory')
  const manifest = new Map<string, string>()
  for (const line of await lines('manifest-sha256.txt')) {
    const [, digest, written] = /^([0-9a-f]{64}) {1,2}(data\/.+)$/.exec(line) ?? []
    if (!written) faults.push(`manifest: ${line}`)
    else if (manifest.has(pathOf(written))) faults.push(`manifest: ${written} twice`)
    else manifest.set(pathOf(written), digest!)
  }
  let octets = 0
  const fetched = new Set<string>()
  for (const line of await lines('fetch.txt')) {
    const [, url, length, written] = /^(\S+)[ \t]+(\d+|-)[ \t]+(data\/.+)$/.exec(line) ?? []
    if (!url || !written) {
      faults.push(`fetch: ${line}`)
      continue
    }
    const path = pathOf(written)
    if (fetched.has(path)) faults.push(`fetch: ${written} twice`)
    if (path.split('/').includes('..')) faults.push(`fetch: ${written} leaves the bag`)
    fetched.add(path)
    const content = served[url]
    if (content === undefined) faults.push(`fetch: ${url} is served by nobody`)
    else if (manifest.get(path) !== sum(content)) faults.push(`fetch: ${written} is not as in the manifest`)
    else if (length !== '-' && Number(length) !== Buffer.byteLength(content))
      faults.push(`fetch: length of ${written}`)
    octets += Number(length)
  }
  for (const path of manifest.keys()) if (!fetched.has(path)) faults.push(`${path} is nowhere`)
  for (const line of await lines('bag-info.txt')) {
    if (!/^(?:[^\s:][^:]*: \S|\s+\S)/.test(line)) faults.push(`bag-info: ${JSON.stringify(line)}`)
    const oxum = /^Payload-Oxum: (.*)$/.exec(line)?.[1]
    if (oxum !== undefined && oxum !== `${octets}.${manifest.size}`) faults.push(`Payload-Oxum ${oxum}`)
    if (/^Magic:/.test(line)) faults.push('a line of the description has become a label')
  }
  for (const line of await lines('tagmanifest-sha256.txt')) {
    const [digest, name] = line.split(/ {1,2}/) as [string, string]
    if (sum(await readFile(join(bag, name), 'utf8')) !== digest) faults.push(`tagmanifest: ${name}`)
  }
  return faults
}

test('makes a bag that is complete once fetched, whatever its sources are called', async () => {
  const sources = [
    ['https://a.example/2023/readings.csv', 'jan'],
    ['https://a.example/2024/readings.csv', 'january'],
    ['https://mirror.example/2023/readings.csv', 'jan'],
    ['https://a.example/READINGS.CSV', 'other'],
    ['https://a.example/100%25%20sure.txt', 'sure'],
    ['https://a.example/line%0Abreak%0D.txt', 'line'],
    ['https://a.example/..%2F..%2Fevil', 'evil'],
    ['https://a.example/%ff.bin', 'no text'],
    ['https://a.example/a file.csv', 'space'],
    ['https://a.example/', 'root'],
  ] as const
  const [bag] = await writeBags(out, [datasetOf(sources)], false)
  const served = Object.fromEntries(sources.map(([url, content]) => [new URL(url).href, content]))
  expect(await faultsOf(bag!, served)).toEqual([])
  const manifest = await readFile(join(bag!, 'manifest-sha256.txt'), 'utf8')
  for (const path of ['readings.csv', 'readings-2.csv', 'READINGS-3.CSV', '100%25 sure.txt', '.._.._evil'])
    expect(manifest).toContain(`  data/${path}\n`)
})

test('makes a bag that can be imported again for a dataset without downloadable sources', async () => {
  const [bag] = await writeBags(out, [datasetOf([])], false)
  expect(await faultsOf(bag!, {})).toEqual([])
  const { record } = importBag(await readBag(bag!), { createdAt: '2026-11-20T12:00:00.000Z' })
  expect(record.title).toBe('Levels')
})

test('hostile and equal record keys become separate directories below the output', async () => {
  const keys = ['..', '../../evil', 'a:b', 'a_b', 'Rivers', 'rivers']
  const bags = await writeBags(
    out,
    keys.map((rkey) => datasetOf([], rkey)),
    false,
  )
  expect(new Set(bags.map((bag) => bag.toLowerCase())).size).toBe(keys.length)
  expect(await readdir(home)).toEqual(['bags'])
  expect(await readdir(out)).toHaveLength(keys.length)
})

test('overwrites nothing without --overwrite', async () => {
  const dataset = datasetOf([])
  await mkdir(join(out, 'levels'), { recursive: true })
  await writeFile(join(out, 'levels/bag-info.txt'), 'mine')
  await expect(writeBags(out, [dataset], false)).rejects.toThrow('--overwrite')
  expect(await readdir(join(out, 'levels'))).toEqual(['bag-info.txt'])
  await writeBags(out, [dataset], true)
  await writeBags(out, [dataset], false)
})

test('never writes through a link', async () => {
  const dataset = datasetOf([])
  await mkdir(out, { recursive: true })
  await mkdir(join(home, 'victim'))
  await symlink(join(home, 'victim'), join(out, 'levels'))
  await expect(writeBags(out, [dataset], true)).rejects.toThrow('symlink')
  expect(await readdir(join(home, 'victim'))).toEqual([])
})

test('refuses a bag whose tag files are links', async () => {
  await mkdir(out)
  await writeFile(join(home, 'secret'), 'Title: secret\n')
  await writeFile(join(out, 'bagit.txt'), 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n')
  await symlink('../secret', join(out, 'bag-info.txt'))
  await expect(readBag(out)).rejects.toThrow('leads out')
})
