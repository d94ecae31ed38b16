import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decode, encode } from '@holdfast/torrent/bencode-tree'
import { expect, test } from 'vitest'
import { type Say, startTestDht } from '../../../testing/dht.ts'
import { startDhtNode } from './dht-node.ts'
import { filterBytes } from './scrape-filter.ts'

const name = randomBytes(20).toString('hex')
const never = new AbortController().signal
const full = new Uint8Array(filterBytes).fill(255)
/** A filter with two bits set for each of this many addresses. */
const filterOf = (addresses: number) => {
  const filter = new Uint8Array(filterBytes)
  filter.fill(0b11, 0, addresses)
  return filter
}
const options = { allowPrivateHosts: true, answerMs: 400 }

async function hear(hosts: number, say: Say, allowPrivateHosts = true) {
  await using dht = await startTestDht(hosts, say)
  await using node = startDhtNode({ ...options, allowPrivateHosts, nodes: dht.nodes.slice(0, 1) })
  const word = await node.ask(name, never)
  return { word, asked: [...dht.asked], careless: dht.careless }
}

test('asks every node that it finds and counts what at least two report', async () => {
  const { word, asked, careless } = await hear(10, (_name, { host }) =>
    host < 3 ? { BFsd: filterOf(5 - host), BFpe: filterOf(2) } : {},
  )
  expect(word).toEqual({ hosts: 10, seeders: 4, leechers: 2, isUncounted: false })
  expect(asked).toEqual([name])
  expect(careless).toBe(0)
})

test('does not believe one node that reports huge counts', async () => {
  const { word } = await hear(9, (_name, { host }) => (host === 4 ? { BFsd: full, BFpe: full } : {}))
  expect(word).toMatchObject({ hosts: 9, seeders: 0, leechers: 0 })
})

test('reports peers of nodes that do not count them', async () => {
  const { word } = await hear(9, (_name, { host }) => (host === 4 ? { values: [randomBytes(6)] } : {}))
  expect(word).toMatchObject({ hosts: 9, seeders: 0, leechers: 0, isUncounted: true })
})

test('does not ask private addresses', async () => {
  expect(await hear(3, () => ({}), false)).toMatchObject({ word: { hosts: 0 }, asked: [] })
})

test('gives up when no node answers', async () => {
  await using node = startDhtNode({ ...options, nodes: [{ host: 'nobody.invalid', port: 6881 }] })
  expect(await node.ask(name, never)).toMatchObject({ hosts: 0 })
  const stop = new AbortController()
  const asked = node.ask(name, stop.signal)
  stop.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
})

const id = randomBytes(20)
const text = (value: string) => Buffer.from(value, 'latin1')
const secondKind: Say = (_name, { transaction }) =>
  Buffer.concat([text('d1:rd2:id20:'), id, text('e1:t4:'), transaction, text('1:y1:r1:yd8:toString1:xee')])
/** Each of these would crash a parser that trusts types, or keep it busy for ever. */
const hostile: Record<string, Say> = {
  nothing: () => text(''),
  'no bencode': () => randomBytes(500),
  'lists without end': () => text('l'.repeat(4_000)),
  'a datagram too large': () => ({ junk: randomBytes(20_000) }),
  'no transaction': () => encode({ y: 'r', r: { id } }),
  'the transaction of another': () => encode({ t: randomBytes(4), y: 'r', r: { id } }),
  'a kind that is a dictionary': (_name, { transaction }) =>
    encode({ t: transaction, y: { toString: 'x' }, r: { id } }),
  'an id that is a number': () => ({ id: 5 }),
  'an id too short': () => ({ id: randomBytes(3) }),
  'no fields': (_name, { transaction }) => encode({ t: transaction, y: 'r', r: 7 }),
  'an error of numbers': (_name, { transaction }) => encode({ t: transaction, y: 'e', e: 7 }),
  'a question': (_name, { transaction }) => encode({ t: transaction, y: 'q', q: 'ping', a: { id } }),
}

test.each(Object.entries(hostile))('ignores an answer with %s', async (_what, say) => {
  const { word } = await hear(3, say)
  expect(word).toMatchObject({ hosts: 0, seeders: 0, leechers: 0 })
})

test.each<[string, Say]>([
  ['second values of a field', secondKind],
  ['nodes that are a list', () => ({ nodes: [1, 2] })],
  ['nodes cut off', () => ({ nodes: randomBytes(27) })],
  ['filters of another length', () => ({ BFsd: randomBytes(255), BFpe: [randomBytes(256)] })],
  ['peers that are a number', () => ({ values: 9 })],
  ['a token that is a dictionary', () => ({ token: { a: 1 } })],
])('ignores %s in an answer', async (_what, say) => {
  const { word } = await hear(1, say)
  expect(word).toEqual({ hosts: 1, seeders: 0, leechers: 0, isUncounted: false })
})

test('stops following a node that leads to ever nearer nodes of its own', async () => {
  const target = Buffer.from(name, 'hex')
  const sockets = Array.from({ length: 150 }, () => createSocket('udp4').bind(0, '127.0.9.1'))
  await Promise.all(sockets.map((socket) => once(socket, 'listening')))
  const places = sockets.map((socket, depth) => {
    const id = Buffer.from(target)
    id[depth >> 3]! ^= 128 >> (depth & 7)
    const { port } = socket.address()
    return { id, node: Buffer.from([...id, 127, 0, 9, 1, port >> 8, port & 255]) }
  })
  let asked = 0
  for (const [depth, socket] of sockets.entries())
    socket.on('message', (message, from) => {
      asked++
      const t = (decode(message) as Map<string, Uint8Array>).get('t')
      const nodes = places[depth + 1]?.node
      socket.send(encode({ t, y: 'r', r: { id: places[depth]!.id, nodes } }), from.port, from.address)
    })
  await using node = startDhtNode({ ...options, nodes: [sockets[0]!.address()].map(toNode) })
  expect((await node.ask(name, never)).hosts).toBe(1)
  expect(asked).toBe(100)
  for (const socket of sockets) socket.close()
})

function toNode({ address, port }: { address: string; port: number }) {
  return { host: address, port }
}
