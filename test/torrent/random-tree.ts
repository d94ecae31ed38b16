import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Random numbers in [0, 1) that depend on a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

// Names whose order differs as bytes, as UTF-16, by locale, and with a slash after them.
const names = [
  'a',
  'A',
  'a b',
  'a-b',
  'a.txt',
  'a0',
  'b',
  'Z',
  'z',
  'é',
  'e\u0301',
  'ß',
  '日本',
  '数据',
  '😀',
  '🧿.nc',
]
const more = [
  '\uf8ff',
  '\uffee',
  '\u{10ffff}',
  '.hidden',
  '..dots',
  "it's",
  '#',
  '%41',
  '~',
  '!',
  '10',
  '9',
  'ﬀ',
  'x'.repeat(100),
]

/** Writes a tree of files under `root`: empty ones, odd sizes, deep and Unicode names. At least one is not empty. */
export function writeRandomTree(
  root: string,
  seed: number,
  { files = 0, pieceLengthBytes = 16_384 } = {},
): void {
  const random = seeded(seed)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
  const count = files || 1 + Math.floor(random() * 24)
  const taken = new Set<string>()
  for (let index = 0; index < count; index++) {
    const depth = random() < 0.1 ? 12 : Math.floor(random() * 4)
    const directories = Array.from(
      { length: depth },
      () => `${pick(depth > 3 ? names : [...names, ...more])}d`,
    )
    const name = files ? `${pick(names)}-${index}` : pick([...names, ...more])
    const path = [...directories, name].join('/')
    // A name is used for either a file or a directory.
    if (taken.has(path) || [...taken].some((other) => !files && other.startsWith(`${path}/`))) continue
    taken.add(path)
    const sizeBytes =
      index === 0 ? 1 + Math.floor(random() * 9999) : sizeOf(random, files ? 2_000 : pieceLengthBytes)
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), noise(random, sizeBytes))
  }
}

/** A size: empty, near a block, near a piece, or a few pieces with an odd end. */
function sizeOf(random: () => number, pieceLengthBytes: number): number {
  const kind = random()
  if (kind < 0.15) return 0
  if (kind < 0.3) return 16_384 + Math.floor(random() * 3) - 1
  if (kind < 0.5) return pieceLengthBytes * Math.ceil(random() * 3) + Math.floor(random() * 3) - 1
  if (kind < 0.8) return Math.floor(random() * 20_000)
  return Math.floor(random() * pieceLengthBytes * 6)
}

function noise(random: () => number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  for (let at = 0; at < sizeBytes; at += 64) bytes.writeUInt8(Math.floor(random() * 256), at)
  return bytes
}
