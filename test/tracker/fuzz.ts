/**
 * Sends datagrams, requests and WebSocket messages, most of them nearly valid, to a tracker in a process of its own:
 *   node test/tracker/fuzz.ts --count 10000000 --seed 1
 * Exits with an error if the tracker crashes, grows, stops answering, or sends more bytes than it received to an address that
 * has not proved to be genuine.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import WebSocket from 'ws'
import { memoryOf } from '../system/process-memory.ts'
import { spawnTracker, type TrackerProcess } from './spawn-tracker.ts'

const known = 'ab'.repeat(20)

const rounds = 8

export interface FuzzResult {
  datagrams: number
  requests: number
  messages: number
  grownMB: number
}

/** Sends `count` things, made from `seed`. @throws Error that says what went wrong */
export async function fuzz(count: number, seed: number, log: (line: string) => void): Promise<FuzzResult> {
  const random = newRandom(seed)
  await using target = await spawnTracker([known])
  const each = {
    datagrams: Math.floor(count * 0.9),
    requests: Math.floor(count * 0.05),
    messages: Math.floor(count * 0.05),
  }
  const residents: number[] = []
  for (let round = 0; round < rounds; round++) {
    await fuzzUdp(target, random, Math.floor(each.datagrams / rounds))
    await fuzzHttp(target, random, Math.floor(each.requests / rounds))
    await fuzzSockets(target, random, Math.floor(each.messages / rounds))
    residents.push(memoryOf(target.child.pid).residentMB)
    log(`round ${round + 1} of ${rounds}: ${residents[round]!.toFixed(0)} MB`)
  }
  if (target.child.exitCode !== null) throw new Error('the tracker crashed')
  const health = await fetch(`http://127.0.0.1:${target.port}/health`)
  if (!health.ok) throw new Error(`the tracker is unwell: ${health.status}`)
  // A new process grows to its working size; a leak continues after that.
  const grownMB = residents.at(-1)! - residents[rounds / 2]!
  if (grownMB > 64) throw new Error(`the tracker grew by ${grownMB.toFixed(0)} MB`)
  return { ...each, grownMB }
}

type Random = (below: number) => number

/** The xorshift32 generator: the same seed makes the same run. */
function newRandom(seed: number): Random {
  let state = seed | 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** Half the time, `bytes` with a few of them changed, removed or added; otherwise noise. */
function mutate(random: Random, bytes: Buffer): Buffer {
  if (random(10) === 0) return Buffer.from(Array.from({ length: random(1500) }, () => random(256)))
  const changed = Buffer.from(bytes)
  for (let times = random(4); times > 0 && changed.length > 0; times--)
    changed[random(changed.length)] = random(256)
  if (random(4) === 0) return changed.subarray(0, random(changed.length + 1))
  return random(6) === 0 ? Buffer.concat([changed, Buffer.alloc(random(600), random(256))]) : changed
}

async function fuzzUdp(target: TrackerProcess, random: Random, count: number): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const id = (await askUdp(socket, target, connectOf(random))).subarray(8, 16)
  const asked = new Map<number, number>()
  let tooLong: string | undefined
  socket.on('message', (answer: Buffer) => {
    const question = answer.length >= 8 ? asked.get(answer.readUInt32BE(4)) : undefined
    if (question !== undefined && answer.length > question) {
      tooLong ??= `${answer.length} bytes for ${question} to an address that proved nothing`
    }
  })
  for (let sent = 0; sent < count; sent++) {
    const forged = random(2) === 0
    const datagram = mutate(
      random,
      [connectOf, announceOf, scrapeOf][random(3)]!(random, forged ? undefined : id),
    )
    const proved = datagram.subarray(0, 8).equals(id)
    if (datagram.length >= 16) {
      if (proved) asked.delete(datagram.readUInt32BE(12))
      else asked.set(datagram.readUInt32BE(12), datagram.length)
    }
    if (asked.size > 10_000) asked.clear()
    socket.send(datagram, target.udpPort, '127.0.0.1')
    // Now and then, wait for the answer to an honest request, which shows that the tracker works and the kernel's
    // buffers are empty.
    if (sent % 200 === 0) await askUdp(socket, target, connectOf(random))
    if (tooLong !== undefined) break
  }
  await askUdp(socket, target, connectOf(random))
  socket.close()
  if (tooLong !== undefined) throw new Error(tooLong)
}

async function askUdp(socket: Socket, target: TrackerProcess, datagram: Buffer): Promise<Buffer> {
  const transaction = datagram.readUInt32BE(12)
  const answer = new Promise<Buffer>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the tracker stopped answering')), 10_000)
    const again = setInterval(() => socket.send(datagram, target.udpPort, '127.0.0.1'), 500)
    const listen = (message: Buffer): void => {
      if (message.length !== 16 || message.readUInt32BE(4) !== transaction) return
      clearTimeout(late)
      clearInterval(again)
      socket.off('message', listen)
      resolve(message)
    }
    socket.on('message', listen)
  })
  socket.send(datagram, target.udpPort, '127.0.0.1')
  return answer
}

function connectOf(random: Random): Buffer {
  const datagram = Buffer.from('00000417271019800000000000000000', 'hex')
  datagram.writeUInt32BE(random(0xffffffff), 12)
  return datagram
}

function announceOf(random: Random, id: Buffer | undefined): Buffer {
  const datagram = Buffer.alloc(98, random(256))
  datagram.set(id ?? Buffer.alloc(8, random(256)))
  datagram.writeUInt32BE(1, 8)
  datagram.writeUInt32BE(random(0xffffffff), 12)
  datagram.set(Buffer.from(known, 'hex'), 16)
  return datagram
}

function scrapeOf(random: Random, id: Buffer | undefined): Buffer {
  const datagram = Buffer.alloc(16 + 20 * random(90), random(256))
  datagram.set(id ?? Buffer.alloc(8, random(256)))
  datagram.writeUInt32BE(2, 8)
  datagram.writeUInt32BE(random(0xffffffff), 12)
  return datagram
}

async function fuzzHttp(target: TrackerProcess, random: Random, count: number): Promise<void> {
  const whole = [
    `GET /announce?info_hash=${'%ab'.repeat(20)}&peer_id=-XX0001-abcdefghijkl&port=1&left=0 HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET /scrape?info_hash=${'%ab'.repeat(20)} HTTP/1.0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n`,
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  ]
  const one = async (): Promise<void> => {
    const socket = connect(target.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.resume()
    socket.end(mutate(random, Buffer.from(whole[random(3)]!)))
    await new Promise((closed) => {
      socket.once('close', closed)
      setTimeout(() => socket.destroy(), 50)
    })
  }
  for (let sent = 0; sent < count; sent += 50) await Promise.all(Array.from({ length: 50 }, one))
}

async function fuzzSockets(target: TrackerProcess, random: Random, count: number): Promise<void> {
  const hash = Buffer.from(known, 'hex').toString('latin1')
  const value = (depth = 0): unknown => {
    const simple = [null, true, 5, -1, 1e300, '', hash, 'x'.repeat(random(5000)), '__proto__']
    const kind = random(depth > 2 ? simple.length : simple.length + 2)
    if (kind < simple.length) return simple[kind]
    if (kind === simple.length) return Array.from({ length: random(4) }, () => value(depth + 1))
    return {
      offer: value(depth + 1),
      offer_id: value(depth + 1),
      type: value(depth + 1),
      sdp: value(depth + 1),
    }
  }
  const names = [
    'info_hash',
    'peer_id',
    'offers',
    'answer',
    'to_peer_id',
    'offer_id',
    'event',
    'left',
    'numwant',
  ]
  for (let sent = 0; sent < count; ) {
    const socket = new WebSocket(`ws://127.0.0.1:${target.port}`)
    await once(socket, 'open')
    socket.on('error', () => {})
    for (let burst = 0; burst < 500 && sent < count; burst++, sent++) {
      const message: Record<string, unknown> = {
        action: ['announce', 'scrape', value()][random(3)],
        info_hash: hash,
        peer_id: hash,
      }
      for (let times = random(4); times > 0; times--) message[names[random(names.length)]!] = value()
      socket.send(mutate(random, Buffer.from(JSON.stringify(message))), { binary: random(50) === 0 })
      if (socket.readyState !== WebSocket.OPEN) break
    }
    const closed = once(socket, 'close')
    socket.close()
    await closed
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { count: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
  })
  console.log(JSON.stringify(await fuzz(Number(values.count), Number(values.seed), console.log)))
}
