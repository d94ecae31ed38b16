import { spawnSync } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { newResponders } from '../wire/responders.ts'
import { loadBatchSockets } from './batch-sockets.ts'
import { openUdpSockets } from './udp-sockets.ts'

const torrent = 'aa'.repeat(20)
const build = fileURLToPath(new URL('../../native/build.mjs', import.meta.url))

beforeAll(() => {
  if (loadBatchSockets() === undefined) spawnSync(process.execPath, [build])
  if (loadBatchSockets() === undefined)
    process.stdout.write('left out: batch UDP, for want of Linux or a C compiler\n')
})

async function ask(socket: Socket, to: { port: number; host: string }, datagram: Buffer): Promise<Buffer> {
  socket.send(datagram, to.port, to.host)
  return (await once(socket, 'message'))[0] as Buffer
}

function announceOf(id: Buffer, port: number): Buffer {
  const announce = Buffer.alloc(98)
  announce.set(id)
  announce.writeInt32BE(1, 8)
  announce.set(Buffer.from(torrent, 'hex'), 16)
  announce.writeInt32BE(1, 68)
  announce.writeInt32BE(-1, 92)
  announce.writeUInt16BE(port, 96)
  return announce
}

for (const transport of ['batch', 'dgram'] as const) {
  test(`${transport} serves IPv4 and IPv6 on one port, each client its own answer`, async (context) => {
    if (transport === 'batch' && loadBatchSockets() === undefined) context.skip()
    const tracker = newResponders([[torrent]])
    await using opened = await openUdpSockets(tracker.udp, tracker.counts, { port: 0, transport })
    expect(opened.transport).toBe(transport)
    for (const [type, host] of [
      ['udp4', '127.0.0.1'],
      ['udp6', '::1'],
    ] as const) {
      const to = { port: opened.port, host }
      const answers = await Promise.all(
        Array.from({ length: 80 }, async (_, client) => {
          const socket = createSocket(type)
          const connect = Buffer.from('0000041727101980000000000000', 'hex')
          const id = await ask(socket, to, Buffer.concat([connect, Buffer.from([client, 7])]))
          expect([...id.subarray(6, 8)]).toEqual([client, 7])
          const answer = await ask(socket, to, announceOf(id.subarray(8), 1000 + client))
          socket.close()
          return answer
        }),
      )
      expect(answers.every((answer) => answer.readInt32BE(0) === 1)).toBe(true)
    }
    expect(tracker.swarms.totals()).toMatchObject({ peers4: 80, peers6: 80 })
  })

  test(`${transport} says which port is in use`, async (context) => {
    if (transport === 'batch' && loadBatchSockets() === undefined) context.skip()
    const tracker = newResponders([[torrent]])
    await using taken = await openUdpSockets(tracker.udp, tracker.counts, {
      port: 0,
      host: '127.0.0.1',
      transport,
    })
    const again = openUdpSockets(tracker.udp, tracker.counts, {
      port: taken.port,
      host: '127.0.0.1',
      transport,
    })
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test(`${transport} answers from the address it was asked at, and survives empty and huge datagrams`, async (context) => {
    if (transport === 'batch' && loadBatchSockets() === undefined) context.skip()
    const tracker = newResponders([[torrent]])
    await using opened = await openUdpSockets(tracker.udp, tracker.counts, { port: 0, transport })
    const socket = createSocket('udp4')
    for (const length of [0, 1, 15, 2016, 2017, 9000])
      socket.send(Buffer.alloc(length), opened.port, '127.0.0.1')
    const host = transport === 'batch' ? '127.0.0.9' : '127.0.0.1'
    socket.send(Buffer.from('00000417271019800000000000000001', 'hex'), opened.port, host)
    const [answer, from] = (await once(socket, 'message')) as [Buffer, { address: string }]
    expect(answer).toHaveLength(16)
    expect(from.address).toBe(host)
    socket.close()
  })
}
