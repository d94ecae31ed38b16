import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import Client from 'bittorrent-tracker/client'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { ownAllowList } from './allow-list/source.ts'
import { loadConfig } from './config.ts'
import { startTracker } from './main.ts'

const infoHashV1 = '0123456789abcdef0123456789abcdef01234567'
const infoHash = Buffer.from(infoHashV1, 'hex')
const small = { port: 0, udpPort: 0, host: '127.0.0.1', memoryBytes: 1 << 24, maxTorrents: 1000 }
// The clients of these tests share an address.
const config = { ...loadConfig({}), ...small, peersPerAddress: 1000 }
const parts = { allowList: ownAllowList([{ infoHashV1 }]), log: pino({ level: 'silent' }) }
const query = `info_hash=${infoHashV1.replace(/../g, '%$&')}&peer_id=-XX0001-abcdefghijkl&left=0`

for (const transport of ['http', 'udp', 'ws'] as const) {
  test(`bittorrent-tracker’s client announces and scrapes by ${transport}`, async () => {
    await using tracker = await startTracker(config, parts)
    const port = transport === 'udp' ? tracker.udpPort : tracker.port
    const client = new Client({
      infoHash,
      peerId: Buffer.from('-XX0001-abcdefghijkl'),
      announce: [`${transport}://127.0.0.1:${port}/announce`],
      port: 6881,
      wrtc: {},
    })
    try {
      client.start({ left: 0 })
      const update = await new Promise<Record<string, unknown>>((resolve, reject) => {
        client.once('update', resolve)
        client.on('warning', reject)
        client.on('error', reject)
      })
      expect(update).toMatchObject({ complete: 1, incomplete: 0 })
      client.scrape()
      const scraped = await new Promise((resolve) => client.once('scrape', resolve))
      expect(scraped).toMatchObject({ complete: 1, incomplete: 0, downloaded: 0 })
    } finally {
      await new Promise<void>((done) => client.destroy(() => done()))
    }
  })
}

/** Announces by UDP from a socket of its own; how many peers came back. */
async function announceByUdp(port: number, peerPort: number): Promise<number> {
  const socket = createSocket('udp4')
  const ask = async (datagram: Buffer): Promise<Buffer> => {
    socket.send(datagram, port, '127.0.0.1')
    return (await once(socket, 'message'))[0] as Buffer
  }
  const { id } = { id: (await ask(Buffer.from('00000417271019800000000000000001', 'hex'))).subarray(8, 16) }
  const announce = Buffer.alloc(98)
  announce.set(id)
  announce.writeInt32BE(1, 8)
  announce.set(infoHash, 16)
  announce.writeInt32BE(9, 68)
  announce.writeInt32BE(-1, 92)
  announce.writeUInt16BE(peerPort, 96)
  const answer = await ask(announce)
  socket.close()
  expect(answer.readInt32BE(0)).toBe(1)
  return (answer.length - 20) / 6
}

for (const workers of [1, 3]) {
  test(`${workers} thread(s) serve the same swarms on one port`, async () => {
    await using tracker = await startTracker({ ...config, workers }, parts)
    const url = `http://127.0.0.1:${tracker.port}`
    await Promise.all(Array.from({ length: 60 }, (_, peer) => announceByUdp(tracker.udpPort, 10_000 + peer)))
    await Promise.all(
      Array.from({ length: 60 }, (_, peer) =>
        fetch(`${url}/announce?${query}&port=${20_000 + peer}`, { headers: { connection: 'close' } }),
      ),
    )
    expect(await announceByUdp(tracker.udpPort, 10_000)).toBe(50)
    const swarms = await (await fetch(`${url}/swarms`)).json()
    expect(swarms).toEqual({ swarms: [[[infoHashV1], 60, 60, 0]] })
    await expect
      .poll(
        async () =>
          /transport="udp",outcome="announce"} (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1],
      )
      .toBe('61')
  })

  test(`browsers meet whichever of ${workers} thread(s) their WebSockets are on`, async () => {
    await using tracker = await startTracker({ ...config, workers }, parts)
    const name = infoHash.toString('latin1')
    const inbox = new Map<number, unknown[]>()
    const sockets = await Promise.all(
      Array.from({ length: 8 }, async (_, peer) => {
        const socket = new WebSocket(`ws://127.0.0.1:${tracker.port}/announce`)
        inbox.set(peer, [])
        socket.on('message', (data) => inbox.get(peer)!.push(JSON.parse(String(data))))
        await once(socket, 'open')
        return socket
      }),
    )
    const id = (peer: number): string => `peer-${peer}`.padEnd(20, '.')
    const said = (peer: number, offers: unknown[] = []) =>
      JSON.stringify({ action: 'announce', info_hash: name, peer_id: id(peer), left: 1, offers })
    for (let peer = 1; peer < 8; peer++) sockets[peer]!.send(said(peer))
    await expect.poll(() => [1, 2, 3, 4, 5, 6, 7].every((peer) => inbox.get(peer)!.length === 1)).toBe(true)
    const offers = Array.from({ length: 7 }, (_, each) => ({
      offer: { type: 'offer', sdp: `v=${each}` },
      offer_id: `offer-${each}`.padEnd(20, '.'),
    }))
    sockets[0]!.send(said(0, offers))
    await expect.poll(() => [1, 2, 3, 4, 5, 6, 7].every((peer) => inbox.get(peer)!.length === 2)).toBe(true)
    const offer = inbox.get(5)![1] as { offer_id: string; peer_id: string }
    expect(offer.peer_id).toBe(id(0))
    const answer = { type: 'answer', sdp: 'v=9' }
    const { offer_id, peer_id: to_peer_id } = offer
    sockets[5]!.send(
      JSON.stringify({ action: 'announce', info_hash: name, peer_id: id(5), to_peer_id, offer_id, answer }),
    )
    await expect
      .poll(() => inbox.get(0)!.some((message) => (message as { answer?: unknown }).answer !== undefined))
      .toBe(true)
    for (const socket of sockets) socket.close()
    await expect
      .poll(async () => (await fetch(`http://127.0.0.1:${tracker.port}/swarms`)).json())
      .toEqual({ swarms: [] })
  })
}

test('answers requests that come in pieces or several at once', async () => {
  await using tracker = await startTracker(config, parts)
  const socket = connect(tracker.port, '127.0.0.1')
  let text = ''
  socket.on('data', (data) => {
    text += String(data)
  })
  const request = `GET /announce?${query}&port=1000 HTTP/1.1\r\nHost: x\r\n\r\n`
  socket.write(request.slice(0, 30))
  socket.write(request.slice(30) + request + request.replace('Host: x', 'Connection: close'))
  await once(socket, 'close')
  expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3)
  expect(text.match(/8:completei1e/g)).toHaveLength(3)
})

test('survives messages that killed other trackers', async () => {
  await using tracker = await startTracker({ ...config, trustedProxies: ['127.0.0.0/8'] }, parts)
  const url = `http://127.0.0.1:${tracker.port}`
  const socket = new WebSocket(`ws://127.0.0.1:${tracker.port}`)
  await once(socket, 'open')
  const hash = 'x'.repeat(20)
  for (const message of [
    { action: 'scrape', info_hash: 5 },
    { action: 'announce', info_hash: hash, peer_id: hash, offers: [null] },
    { action: 'announce', info_hash: hash, peer_id: hash, answer: 7, to_peer_id: {}, offer_id: [] },
    { action: ['announce'] },
    [[[]]],
    null,
    7,
  ]) {
    socket.send(JSON.stringify(message))
    const [data] = await once(socket, 'message')
    expect(JSON.parse(String(data))).toHaveProperty('failure reason')
  }
  socket.close()
  for (const header of ['999.1.1.1', '', ',', '::::', 'x'.repeat(5000)]) {
    const headers = { 'X-Forwarded-For': header }
    await fetch(`${url}/announce?${query}&port=1000`, { headers }).catch(() => {})
  }
  expect((await fetch(`${url}/health`)).status).toBe(200)
})

test('behind a trusted proxy, the client is the rightmost address that is no proxy', async () => {
  await using tracker = await startTracker(
    { ...config, trustedProxies: ['127.0.0.0/8', '10.9.0.0/16'] },
    parts,
  )
  const announce = async (forwarded: string): Promise<string> => {
    const headers = { 'X-Forwarded-For': forwarded }
    const answer = await fetch(`http://127.0.0.1:${tracker.port}/announce?${query}&port=1000`, { headers })
    return Buffer.from(await answer.arrayBuffer()).toString('latin1')
  }
  expect(await announce('6.6.6.6, 1.2.3.4, 10.9.1.1')).toContain('external ip4:\x01\x02\x03\x04')
})

test('believes PROXY protocol v2 from trusted addresses and refuses it from others', async () => {
  const header = Buffer.concat([
    Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'),
    Buffer.from([1, 2, 3, 4, 127, 0, 0, 1, 0, 99, 0, 80]),
  ])
  const request = `GET /announce?${query}&port=1000 HTTP/1.0\r\n\r\n`
  for (const trustedProxies of [['127.0.0.1'], ['10.0.0.0/8']]) {
    await using tracker = await startTracker({ ...config, trustedProxies }, parts)
    const socket = connect(tracker.port, '127.0.0.1')
    let text = ''
    socket.on('data', (data) => {
      text += data.toString('latin1')
    })
    socket.write(header.subarray(0, 20))
    socket.write(Buffer.concat([header.subarray(20), Buffer.from(request)]))
    await once(socket, 'close')
    if (trustedProxies[0] === '127.0.0.1') expect(text).toContain('external ip4:\x01\x02\x03\x04')
    else expect(text).toBe('')
  }
})
