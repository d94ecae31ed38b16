import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAddress } from './address.ts'
import { newResponders } from './responders.ts'
import { newUdpAnswer } from './udp.ts'

const torrent = 'aa'.repeat(20)
const stranger = 'bb'.repeat(20)

/** A tracker and a client at `address`; every datagram and answer in hexadecimal. */
function newClient(tracker: ReturnType<typeof newResponders>, address: string) {
  const words = new Int32Array(4)
  const family = readAddress(address, words) as 0 | 1
  const out = newUdpAnswer()
  const send = (datagram: Uint8Array): string => {
    const length = tracker.udp.answer(datagram, datagram.length, { family, address: words }, out)
    return Buffer.from(out.bytes.subarray(0, length)).toString('hex')
  }
  const id = send(Buffer.from(`0000041727101980${'00000000'}11111111`, 'hex')).slice(16)
  const announce = (options: Partial<typeof defaults> = {}): string =>
    send(Buffer.from(announceHex(id, { ...defaults, ...options }), 'hex'))
  return { send, id, announce }
}

const defaults = { hash: torrent, left: 1000, event: 0, key: '01020304', wanted: -1, port: 6881, tail: '' }

function announceHex(id: string, { hash, left, event, key, wanted, port, tail }: typeof defaults): string {
  const number = (value: number, bytes: number): string =>
    BigInt.asUintN(bytes * 8, BigInt(value))
      .toString(16)
      .padStart(bytes * 2, '0')
  const peerId = Buffer.from('-XX0001-abcdefghijkl').toString('hex')
  const transfer = number(5, 8) + number(left, 8) + number(7, 8)
  return [id, '00000001', '22222222', hash, peerId, transfer, number(event, 4), '00000000', key]
    .concat(number(wanted, 4), number(port, 2), tail)
    .join('')
}

test('answers connect, announce, scrape and stop byte for byte (BEP 15)', () => {
  const tracker = newResponders([[torrent]])
  const alice = newClient(tracker, '10.0.0.1')
  const bob = newClient(tracker, '10.0.0.2')
  expect(alice.id).toMatch(/^[0-9a-f]{16}$/)
  const head = '0000000122222222' + '00000708'
  expect(alice.announce()).toBe(`${head}${'00000001'}${'00000000'}`)
  expect(bob.announce({ left: 0, port: 51413 })).toBe(`${head}${'00000001'}${'00000001'}${'0a0000011ae1'}`)
  expect(alice.announce()).toBe(`${head}${'00000001'}${'00000001'}${'0a000002c8d5'}`)
  expect(alice.announce({ left: 0, event: 1 })).toBe(`${head}${'00000000'}${'00000002'}`)
  const scrape = Buffer.from(`${bob.id}0000000233333333${torrent}${stranger}`, 'hex')
  const counts = '000000020000000100000000'
  expect(bob.send(scrape)).toBe(`0000000233333333${counts}${'00'.repeat(12)}`)
  expect(alice.announce({ event: 3 })).toBe(`${head}${'00000000'}${'00000001'}`)
})

test('sends as many peers as numwant asks for and a datagram can contain', () => {
  const tracker = newResponders([[torrent]])
  for (let host = 1; host <= 240; host++) newClient(tracker, `10.0.1.${host}`).announce()
  const alice = newClient(tracker, '10.0.0.1')
  expect(alice.announce({ wanted: 0 })).toHaveLength(40)
  expect(alice.announce({ wanted: 3 })).toHaveLength(40 + 3 * 12)
  expect(alice.announce({ wanted: -1 })).toHaveLength(40 + 50 * 12)
  expect(alice.announce({ wanted: 0x7fffffff })).toHaveLength(40 + 200 * 12)
})

test('sends IPv6 peers to IPv6 clients, 18 bytes each', () => {
  const tracker = newResponders([[torrent]])
  newClient(tracker, '10.0.0.1').announce()
  newClient(tracker, '2001:db8::1').announce()
  expect(newClient(tracker, '2001:db8::2').announce()).toBe(
    `0000000122222222${'00000708'}${'00000003'}${'00000000'}${'20010db8000000000000000000000001'}1ae1`,
  )
})

test('a hybrid torrent is one swarm under both infohashes', () => {
  const tracker = newResponders([[torrent, stranger]])
  newClient(tracker, '10.0.0.1').announce({ hash: torrent })
  expect(newClient(tracker, '10.0.0.2').announce({ hash: stranger }).slice(24)).toBe(
    '00000002000000000a0000011ae1',
  )
  expect(tracker.swarms.totals()).toMatchObject({ torrents: 1, infoHashes: 2, peers4: 2 })
})

test('skips options after the announce (BEP 41)', () => {
  const tracker = newResponders([[torrent]])
  const url = Buffer.from('/announce?x=1')
  const tail = `02${url.length.toString(16).padStart(2, '0')}${url.toString('hex')}0100`
  expect(newClient(tracker, '10.0.0.1').announce({ tail }).slice(0, 8)).toBe('00000001')
})

test('explains the refusal of an unknown torrent, a stolen id and a missing list', () => {
  const tracker = newResponders([[torrent]])
  const alice = newClient(tracker, '10.0.0.1')
  const bob = newClient(tracker, '10.0.0.2')
  const said = (hex: string): string => {
    expect(hex.slice(0, 8)).toBe('00000003')
    return Buffer.from(hex.slice(16), 'hex').toString()
  }
  expect(said(alice.announce({ hash: stranger }))).toBe('torrent is not in this index')
  expect(said(bob.send(Buffer.from(announceHex(alice.id, defaults), 'hex')))).toBe(
    'connection id has expired',
  )
  tracker.list.ready = false
  expect(said(alice.announce())).toContain('no allow-list yet')
  expect(tracker.swarms.totals().peers4).toBe(0)
})

test('answers a scrape of no torrent briefly, also when it is refused (BEP 15)', () => {
  const tracker = newResponders([[torrent]])
  const alice = newClient(tracker, '10.0.0.1')
  const scrape = (id: string, tail = ''): string =>
    alice.send(Buffer.from(`${id}0000000233333333${tail}`, 'hex'))
  expect(scrape(alice.id)).toBe('0000000233333333')
  expect(scrape(alice.id, 'aabb')).toBe('0000000233333333')
  expect(scrape('00'.repeat(8))).toBe(`0000000333333333${Buffer.from('expired').toString('hex')}`)
  tracker.list.ready = false
  expect(scrape(alice.id)).toBe(`0000000333333333${Buffer.from('no list').toString('hex')}`)
})

test('does not list a peer at port 0', () => {
  const tracker = newResponders([[torrent]])
  expect(newClient(tracker, '10.0.0.1').announce({ port: 0 }).slice(0, 8)).toBe('00000003')
  expect(tracker.swarms.totals().peers4).toBe(0)
})

test('under overload, serves only clients with a connection id', () => {
  const tracker = newResponders([[torrent]])
  const alice = newClient(tracker, '10.0.0.1')
  const bob = newClient(tracker, '10.0.0.2')
  tracker.udp.behind = true
  expect(alice.send(Buffer.from('00000417271019800000000011111111', 'hex'))).toBe('')
  expect(bob.send(Buffer.from(announceHex(alice.id, defaults), 'hex'))).toBe('')
  expect(alice.announce().slice(0, 8)).toBe('00000001')
  expect(tracker.counts).toMatchObject({ udpDropped: 2, udpConnects: 2, udpAnnounces: 1 })
})

test('another client behind the same address and port cannot stop this one', () => {
  const tracker = newResponders([[torrent]])
  const alice = newClient(tracker, '10.0.0.1')
  alice.announce()
  alice.announce({ event: 3, key: '99999999' })
  expect(tracker.swarms.totals().peers4).toBe(1)
  alice.announce({ event: 3 })
  expect(tracker.swarms.totals().peers4).toBe(0)
})

test('without a valid id, never answers with more bytes than it received', () => {
  const tracker = newResponders([[torrent]])
  const words = Int32Array.of(1, 2, 3, 4)
  const out = newUdpAnswer()
  const start = fc.constantFrom(
    '',
    '00000417271019800000000000000000',
    `${'00'.repeat(8)}00000001`,
    `${'00'.repeat(8)}00000002`,
  )
  const datagram = fc
    .tuple(start, fc.uint8Array({ maxLength: 1600 }))
    .map(([head, rest]) => Buffer.concat([Buffer.from(head, 'hex'), rest]))
  fc.assert(
    fc.property(datagram, fc.constantFrom(0 as const, 1 as const), (bytes, family) => {
      const length = tracker.udp.answer(bytes, bytes.length, { family, address: words }, out)
      expect(length).toBeLessThanOrEqual(bytes.length)
    }),
    { numRuns: 5000 },
  )
  expect(tracker.swarms.totals()).toMatchObject({ peers4: 0, peers6: 0 })
})

test('answers every announce with a valid id, whatever else it contains', () => {
  const tracker = newResponders([[torrent]])
  const alice = newClient(tracker, '2001:db8::7')
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 82, maxLength: 400 }), fc.boolean(), (rest, known) => {
      const body = Buffer.from(rest)
      if (body.length > 84) body[84]! |= 1
      if (known) body.set(Buffer.from(torrent, 'hex'), 4)
      const answer = alice.send(
        Buffer.concat([Buffer.from(`${alice.id}00000001`, 'hex'), body, Buffer.alloc(4, 1)]),
      )
      expect(answer.slice(0, 8)).toBe(known ? '00000001' : '00000003')
    }),
    { numRuns: 2000 },
  )
})
