import { spawnSync } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { needs } from '../../../test/system/requirements.ts'
import { newResponders } from '../wire/responders.ts'
import { loadBatchSockets } from './batch-sockets.ts'
import { openUdpSockets } from './udp-sockets.ts'

const torrent = 'aa'.repeat(20)
const build = fileURLToPath(new URL('../../native/build.mjs', import.meta.url))

/** Without Linux and a compiler, only node:dgram is tested. */
const canBuild = needs('batch UDP', 'a C compiler')

beforeAll(() => {
  const directory = mkdtempSync(path.join(tmpdir(), 'holdfast-test-'))
  const file = path.join(directory, 'batch.node')
  if (canBuild) spawnSync(process.execPath, [build, file])
  loadBatchSockets(file)
  return () => {
    rmSync(directory, { recursive: true })
    // Later tests in this process must not use batch sockets.
    loadBatchSockets(file)
  }
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
  test.skipIf(transport === 'batch' && !canBuild)(
    `${transport} serves IPv4 and IPv6 clients on one port, each with its own answer`,
    async () => {
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
    },
  )

  test.skipIf(transport === 'batch' && !canBuild)(`${transport} says which port is in use`, async () => {
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

  test.skipIf(transport === 'batch' && !canBuild)(
    `${transport} answers from the requested address, after empty and huge datagrams`,
    async () => {
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
    },
  )
}

test.skipIf(!canBuild)('batch: answers every announce in a queue full of connects', async () => {
  const tracker = newResponders([[torrent]])
  await using opened = await openUdpSockets(tracker.udp, tracker.counts, { port: 0, transport: 'batch' })
  const to = { port: opened.port, host: '127.0.0.1' }
  const client = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 })
  const connect = Buffer.from('00000417271019800000000000000001', 'hex')
  const id = (await ask(client, to, connect)).subarray(8)
  const announces = { sent: 0, answered: 0 }
  client.on('message', (answer: Buffer) => {
    if (answer.readInt32BE(0) === 1) announces.answered++
  })
  // Everything is sent before this thread reads again, so it waits in the kernel.
  const connects = Math.floor(queueLength() * 0.7)
  const flood = createSocket('udp4')
  await new Promise<void>((bound) => flood.bind(0, '127.0.0.1', bound))
  for (let sent = 0; sent < connects; sent++) {
    flood.send(connect, to.port, to.host)
    if (sent % 100 === 0) client.send(announceOf(id, 1000 + announces.sent++), to.port, to.host)
  }
  await expect.poll(() => announces.answered, { timeout: 10_000 }).toBe(announces.sent)
  const { counts } = tracker
  await expect.poll(() => counts.udpConnects + counts.udpDropped, { timeout: 10_000 }).toBe(connects + 1)
  expect(counts.udpDropped).toBeGreaterThan(0)
  client.close()
  flood.close()
})

/** How many small datagrams the kernel queues for the tracker, at 768 bytes each. */
function queueLength(): number {
  const limit = Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'))
  return (2 * Math.min(8 << 20, process.getuid?.() === 0 ? 8 << 20 : limit)) / 768
}
