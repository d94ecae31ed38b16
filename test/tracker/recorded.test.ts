/**
 * `recorded/clients.json` contains what clients of Debian 12 sent while each downloaded a file and exited: the original
 * bytes, except for the address of the tracker in `Host`. A connection id is replaced by the one that this tracker
 * gave.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { ownAllowList } from '@holdfast/tracker/allow-list/source'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker, type Tracker } from '@holdfast/tracker/main'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import {
  httpAnnounceAnswer,
  httpScrapeAnswer,
  Swarm,
  udpAnnounceAnswer,
  udpScrapeAnswer,
} from './recorded/expected.ts'

interface Recording {
  client: string
  version: string
  transport: 'http' | 'udp'
  family: keyof typeof networks
  /** The infohashes of a hybrid, which is announced under both; otherwise the infohash is in the requests. */
  torrent?: { infoHashV1: string; infoHashV2: string }
  /** HTTP requests, or datagrams in hexadecimal. */
  requests: string[]
}

const recordings = JSON.parse(
  readFileSync(new URL('recorded/clients.json', import.meta.url), 'utf8'),
) as Recording[]

/** The addresses, on this machine, of the tracker, the recorded client and a seeder that is always present. */
const networks = {
  ipv4: { tracker: '127.0.0.1', client: Buffer.from([127, 0, 0, 1]), resident: '127.0.0.9' },
  ipv6: { tracker: '::1', client: Buffer.from(`${'00'.repeat(15)}01`, 'hex'), resident: '::1' },
}
const residentPort = 51_413
const residents = {
  ipv4: Buffer.from('7f000009c8d5', 'hex'),
  ipv6: Buffer.from(`${'00'.repeat(15)}01c8d5`, 'hex'),
}

test.each(recordings)('answers $client $version byte for byte by $transport, $family', async (recording) => {
  const infoHash = infoHashOf(recording.transport, recording.requests.find(isAnnounce)!)
  const { tracker: host } = networks[recording.family]
  const config = { ...loadConfig({}), port: 0, udpPort: 0, host, memoryBytes: 1 << 24, maxTorrents: 1000 }
  const allowList = ownAllowList([recording.torrent ?? { infoHashV1: infoHash.toString('hex') }])
  await using tracker = await startTracker(config, { allowList, log: pino({ level: 'silent' }) })
  await seedAsResident(tracker, recording.family, infoHash)
  if (recording.transport === 'http') await replayByHttp(tracker, recording)
  else await replayByUdp(tracker, recording)
})

async function replayByHttp(tracker: Tracker, recording: Recording): Promise<void> {
  const network = networks[recording.family]
  const swarm = new Swarm(residents[recording.family])
  for (const request of recording.requests) {
    const query = new URLSearchParams(/\?(\S+)/.exec(request)![1])
    const body = await askByHttp(tracker.port, network.tracker, request)
    if (request.startsWith('GET /scrape')) {
      expect(body).toEqual(httpScrapeAnswer(infoHashOf('http', request), swarm.counts()))
      continue
    }
    const seen = swarm.announce({ event: query.get('event') ?? '', left: Number(query.get('left')) })
    const text = body.toString('latin1')
    const interval = Number(/8:intervali(\d+)e/.exec(text)?.[1])
    const trackerId = /10:tracker id\d+:(\w+)e$/.exec(text)?.[1] ?? ''
    expectInterval(interval)
    expect(body).toEqual(httpAnnounceAnswer(seen, network.client, { interval, trackerId }))
  }
}

async function replayByUdp(tracker: Tracker, { family, requests }: Recording): Promise<void> {
  const swarm = new Swarm(residents[family])
  const socket = createSocket(family === 'ipv4' ? 'udp4' : 'udp6')
  let id: Buffer = Buffer.alloc(8)
  for (const request of requests) {
    const datagram = Buffer.from(request, 'hex')
    const action = datagram.readUInt32BE(8)
    const transaction = datagram.readUInt32BE(12)
    if (action !== 0) datagram.set(id)
    socket.send(datagram, tracker.udpPort, networks[family].tracker)
    const [answer] = (await once(socket, 'message')) as [Buffer]
    if (action === 0) {
      id = answer.subarray(8)
      expect(answer.subarray(0, 8)).toEqual(Buffer.concat([Buffer.alloc(4), datagram.subarray(12)]))
      expect(id).toHaveLength(8)
    } else if (action === 1) {
      const event = ['', 'completed', 'started', 'stopped'][datagram.readUInt32BE(80)]!
      const seen = swarm.announce({ event, left: Number(datagram.readBigUInt64BE(64)) })
      expectInterval(answer.readUInt32BE(8))
      expect(answer).toEqual(udpAnnounceAnswer(transaction, answer.readUInt32BE(8), seen))
    } else expect(answer).toEqual(udpScrapeAnswer(transaction, swarm.counts()))
  }
  socket.close()
}

/** The interval of half an hour, up to twice that on a busy machine, plus or minus a tenth. */
function expectInterval(seconds: number): void {
  expect(seconds).toBeGreaterThanOrEqual(1620)
  expect(seconds).toBeLessThanOrEqual(3960)
}

/** Sends a request unchanged and returns the body of the only answer. */
async function askByHttp(port: number, host: string, request: string): Promise<Buffer> {
  const socket = connect(port, host)
  socket.write(request, 'latin1')
  let received = Buffer.alloc(0)
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer])
    const [, length] =
      /^HTTP\/1\.1 200 OK\r\n.*Content-Length: (\d+)\r\n\r\n/s.exec(received.toString('latin1')) ?? []
    const body = received.subarray(received.indexOf('\r\n\r\n') + 4)
    if (length !== undefined && body.length === Number(length)) return body
  }
  throw new Error(`no whole answer: ${received.toString('latin1')}`)
}

async function seedAsResident(
  tracker: Tracker,
  family: Recording['family'],
  infoHash: Buffer,
): Promise<void> {
  const socket = connect({
    port: tracker.port,
    host: networks[family].tracker,
    localAddress: networks[family].resident,
  })
  const hash = infoHash.toString('hex').replace(/../g, '%$&')
  const query = `info_hash=${hash}&peer_id=-XX0001-abcdefghijkl&port=${residentPort}&left=0&event=started`
  socket.end(`GET /announce?${query} HTTP/1.1\r\nHost: tracker\r\nConnection: close\r\n\r\n`)
  socket.resume()
  await once(socket, 'close')
}

/** Whether a recorded HTTP request or datagram is an announce. */
const isAnnounce = (request: string): boolean =>
  request.startsWith('GET /announce') || request.slice(16, 24) === '00000001'

/** The 20 bytes of the infohash in a request. */
function infoHashOf(transport: Recording['transport'], request: string): Buffer {
  if (transport === 'udp') return Buffer.from(request, 'hex').subarray(16, 36)
  const encoded = /info_hash=([^& ]+)/.exec(request)![1]!
  const decoded = encoded.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(decoded, 'latin1')
}
