import { type Encodable, encode } from '@holdfast/torrent/bencode-tree'

/** Makes one file of a random shape, with sizes on or near the limits as often as far from them. */
export function grow(random: () => number): { what: string; file: Uint8Array } {
  const shapes = { tree, list, layers, outer, links, nested }
  const draw = drawFrom(random)
  const what = draw.pick(Object.keys(shapes) as (keyof typeof shapes)[])
  return { what, file: shapes[what](draw) }
}

type Draw = ReturnType<typeof drawFrom>

function drawFrom(random: () => number) {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
  return {
    random,
    pick,
    /** A number on a limit, next to it, or far below it. */
    around: (limit: number) =>
      Math.max(0, Math.floor(pick([limit - 1, limit, limit + 1, limit * 2, limit * random()]))),
    text: (length: number) => pick(['a', 'é', '😀']).repeat(length),
  }
}

function tree(draw: Draw): Uint8Array {
  const { pick, around, text } = draw
  const depth = around(92)
  const name = text(pick([1, 3, 40, around(4_096 / Math.max(depth, 1)), around(4_095)]))
  let inner: Map<string, Encodable> = leaves(draw, pick([1, 10, 1_000, 5_000, 20_000]))
  for (let level = 0; level < depth; level++) inner = new Map([[`${name}${pick(['', '/', '.'])}`, inner]])
  return v2(inner)
}

function leaves(draw: Draw, count: number): Map<string, Encodable> {
  const isEmpty = draw.random() < 0.5
  const entries = Array.from({ length: count }, (_, i): [string, Encodable] => [
    i.toString(36).padStart(4, '0'),
    new Map([['', isEmpty && i > 0 ? { length: 0 } : { length: 1, 'pieces root': root(i) }]]),
  ])
  return new Map(entries)
}

function list(draw: Draw): Uint8Array {
  const { pick, around, text, random } = draw
  const count = pick([1, 100, 5_000, 20_000])
  const depth = pick([1, 2, around(100)])
  const name = text(pick([1, 2, around(40)]))
  const differs = random() < 0.8
  const files = Array.from({ length: Math.min(count, 400_000 / depth) }, (_, i) => ({
    length: i === 0 ? 5 : 0,
    path: [...Array<string>(depth - 1).fill(random() < 0.01 ? `${name}${i}` : name), differs ? `${i}` : 'x'],
  }))
  return v1({ files })
}

function layers(draw: Draw): Uint8Array {
  const { pick, random } = draw
  const count = pick([1, 1_000, 20_000])
  const wanted = random() < 0.5
  const digests = Array.from({ length: count }, (_, i): [Uint8Array, Uint8Array] => [
    root(i),
    Buffer.alloc(32 * pick([0, 2, 3])),
  ])
  const files = Array.from({ length: wanted ? count : 1 }, (_, i): [string, Encodable] => [
    i.toString(36).padStart(4, '0'),
    new Map([['', { length: 20_000, 'pieces root': root(i) }]]),
  ])
  return v2(new Map(files), { 'piece layers': new Map(digests) })
}

function outer(draw: Draw): Uint8Array {
  const { pick, around, text, random } = draw
  const count = around(2_000) * pick([1, 1, 20])
  const url = (i: number) => `http://${i}.example/${text(pick([0, 10, 100]))}`
  const urls = Array.from({ length: count }, (_, i) => (random() < 0.5 ? url(i) : url(0)))
  const tiers = Array.from({ length: around(2_000) }, () => [] as Encodable[])
  return v1(
    { length: 5, ...(random() < 0.3 && { collections: Array<string>(around(2_000)).fill('c') }) },
    {
      'announce-list': pick<Encodable>([[urls], tiers, urls.map((one) => [one])]),
      'url-list': pick<Encodable>([urls, `http://a/${text(around(8_192))}`]),
      comment: text(pick([0, 10, 100_000])),
    },
  )
}

function links(draw: Draw): Uint8Array {
  const { pick, around } = draw
  const count = pick([2, 100, 5_000])
  const target = Array<string>(around(100)).fill(pick(['..', 'a', 'l1']))
  const files = Array.from({ length: count }, (_, i) => ({
    path: [...Array<string>(pick([0, 1, 90])).fill(pick(['d', 'l0', 'l1'])), `l${i}`],
    attr: 'l',
    'symlink path': target,
  }))
  return v1({ files: [{ length: 5, path: ['a'] }, ...files] })
}

/** Nested containers in a place that the parser ignores, and many small values. */
function nested(draw: Draw): Uint8Array {
  const { pick, around, random } = draw
  const depth = around(98)
  const deep = Buffer.concat([Buffer.from('l'.repeat(depth)), Buffer.from('e'.repeat(depth))])
  const many = Buffer.from(`l${pick(['0:', 'le', 'i0e']).repeat(pick([1, 1_000, 500_000]))}e`)
  const info = v1({ length: 5 })
  const extra = random() < 0.5 ? deep : many
  return Buffer.concat([info.subarray(0, -1), Buffer.from('4:zzzz'), extra, Buffer.from('e')])
}

function v1(info: Record<string, Encodable>, outer: Record<string, Encodable> = {}): Uint8Array {
  return encode({ info: { name: 'x', 'piece length': 16_384, pieces: Buffer.alloc(20), ...info }, ...outer })
}

function v2(fileTree: Encodable, outer: Record<string, Encodable> = {}): Uint8Array {
  return encode({
    info: { 'file tree': fileTree, 'meta version': 2, name: 'x', 'piece length': 16_384 },
    ...outer,
  })
}

function root(i: number): Uint8Array {
  const digest = Buffer.alloc(32, 1)
  digest.writeUInt32BE(i)
  return digest
}
