import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Decoded, decode, type Encodable, encode } from '@holdfast/torrent/bencode-tree'
import { createTorrent } from '@holdfast/torrent/create'

/** Valid files to damage, one of each kind. */
export async function seedFiles(): Promise<Buffer[]> {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-fuzz-'))
  const data = join(root, 'data')
  mkdirSync(join(data, 'sub'), { recursive: true })
  writeFileSync(join(data, 'a.nc'), Buffer.alloc(70_000, 1))
  writeFileSync(join(data, 'sub/b'), Buffer.alloc(40_000, 2))
  writeFileSync(join(data, 'sub/empty'), '')
  const seeds: Buffer[] = []
  for (const version of ['v1', 'v2', 'hybrid'] as const)
    for (const path of [data, join(data, 'a.nc')]) {
      const options = {
        version,
        pieceLengthBytes: 16_384,
        trackers: [{ url: 'http://t/', tier: 0 }],
        webseeds: [{ url: 'http://w/', kind: 'bep19' as const }],
        similar: ['11'.repeat(20)],
      }
      seeds.push(Buffer.from((await createTorrent(path, options)).metainfo))
    }
  rmSync(root, { recursive: true })
  return seeds
}

const numbers = [
  '0',
  '-1',
  '1',
  '2',
  '16384',
  '16385',
  '281474976710655',
  '9223372036854775807',
  '99999999999999999999',
  '00',
  '-0',
]
const words = [
  'd',
  'l',
  'e',
  'i',
  '0:',
  '2:..',
  '1:/',
  '4:attr',
  '1:p',
  '1:l',
  '5:files',
  '4:path',
  '6:length',
  '9:file tree',
  '12:meta version',
  '12:symlink path',
  '11:pieces root',
  'llllllllll',
  'd0:d',
  'le',
  'de',
  'i0e',
  'i2e',
]

/** Damages a file in one to four places: half of the time its bytes, else its values, so that it stays valid bencode. */
export function mutate(seed: Buffer, random: () => number): Buffer {
  const changes = 1 + Math.floor(random() * 4)
  if (random() < 0.5) return changeValues(seed, random, changes)
  let file = seed
  for (let change = 0; change < changes; change++) file = changeOnce(file, random)
  return file
}

function changeValues(seed: Buffer, random: () => number, changes: number): Buffer {
  let tree: Decoded
  try {
    tree = decode(seed)
  } catch {
    // Some of the real files are not valid bencode.
    return changeOnce(seed, random)
  }
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
  for (let change = 0; change < changes; change++) {
    const holders: (Decoded[] | Map<string, Decoded>)[] = []
    collectHolders(tree, holders)
    const holder = pick(holders)
    if (holder instanceof Map) changeMap(holder, pick, random())
    else if (holder.length > 0) changeList(holder, pick, random())
  }
  return Buffer.from(encode(toEncodable(tree)))
}

const values: readonly Decoded[] = [
  ...[
    0,
    -1,
    1,
    2,
    3,
    454,
    16_384,
    20_480,
    32_768,
    65_536,
    2 ** 30,
    2 ** 31,
    2 ** 48 - 1,
    2 ** 48,
    2 ** 53 - 1,
  ],
  ...['', '.', '..', '/', 'a/b', 'a\\b', 'a', 'p', 'l', 'lx', '\0', 'é'].map((text) => Buffer.from(text)),
  ...[20, 32, 40, 64, 96].map((length) => Buffer.alloc(length, 9)),
  [],
  [Buffer.from('a')],
  new Map(),
  new Map([['', new Map<string, Decoded>([['length', 0]])]]),
]
const keys = [
  '',
  'a',
  '..',
  'attr',
  'files',
  'file tree',
  'length',
  'name',
  'name.utf-8',
  'path',
  'path.utf-8',
  'pieces',
]
const moreKeys = [
  'piece length',
  'meta version',
  'symlink path',
  'pieces root',
  'private',
  'url-list',
  'piece layers',
  'info',
]

type Pick = <Item>(items: readonly Item[]) => Item

function changeMap(map: Map<string, Decoded>, pick: Pick, kind: number): void {
  const own = [...map.keys()]
  if (kind < 0.25 || own.length === 0) map.set(pick([...keys, ...moreKeys]), structuredClone(pick(values)))
  else if (kind < 0.4) map.delete(pick(own))
  else if (kind < 0.55) map.set(pick([...keys, ...moreKeys, ...own]), structuredClone(map.get(pick(own))!))
  else if (kind < 0.7) nudge(pick(own), map)
  else map.set(pick(own), structuredClone(pick(values)))
}

function nudge(key: string, map: Map<string, Decoded>): void {
  const value = map.get(key)!
  if (typeof value === 'number' && value < 2 ** 53 - 1) map.set(key, value + 1)
  else if (value instanceof Uint8Array) map.set(key, value.subarray(0, -1))
}

function changeList(list: Decoded[], pick: Pick, kind: number): void {
  const at = Math.floor(kind * list.length)
  const change = pick(['drop', 'double', 'replace', 'swap'])
  if (change === 'drop') list.splice(at, 1)
  else if (change === 'double') list.splice(at, 0, structuredClone(list[at]!))
  else if (change === 'replace') list[at] = structuredClone(pick(values))
  else list.push(list.shift()!)
}

function collectHolders(value: Decoded, holders: (Decoded[] | Map<string, Decoded>)[]): void {
  if (typeof value === 'number' || value instanceof Uint8Array) return
  holders.push(value)
  for (const inner of value.values()) collectHolders(inner, holders)
}

function toEncodable(value: Decoded): Encodable {
  if (Array.isArray(value)) return value.map(toEncodable)
  if (!(value instanceof Map)) return value
  return new Map([...value].map(([key, inner]) => [Buffer.from(key, 'latin1'), toEncodable(inner)]))
}

function changeOnce(file: Buffer, random: () => number): Buffer {
  // Half of the changes are in the first 600 bytes, where the keys are.
  const reach = random() < 0.5 ? Math.min(600, file.length) : file.length
  const at = Math.floor(random() * reach)
  const splice = (end: number, insert: Buffer) =>
    Buffer.concat([file.subarray(0, at), insert, file.subarray(end)])
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)]!
  switch (Math.floor(random() * 7)) {
    case 0:
      return splice(at + 1, Buffer.from([Math.floor(random() * 256)]))
    case 1:
      return splice(at, Buffer.from(pick(words)))
    case 2:
      return splice(at + 1 + Math.floor(random() * 16), Buffer.alloc(0))
    case 3: {
      const from = Math.floor(random() * file.length)
      return splice(at, file.subarray(from, from + Math.floor(random() * 200)))
    }
    case 4:
      return file.subarray(0, at)
    default:
      return changeNumber(file, at, pick(numbers))
  }
}

/** Replaces the next integer or string length by another number, because every limit depends on one. */
function changeNumber(file: Buffer, from: number, number: string): Buffer {
  let at = from
  while (at < file.length && !isDigit(file[at]!)) at++
  let end = at
  while (end < file.length && isDigit(file[end]!)) end++
  return Buffer.concat([file.subarray(0, at), Buffer.from(number), file.subarray(end)])
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
