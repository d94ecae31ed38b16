import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import { readRecords, writeRecord } from './cluster/journal.ts'
import { type Announce, newAnnounce, noReply } from './swarms/announce.ts'
import type { Swarms } from './swarms/swarms.ts'

/**
 * Hands the swarms of a running tracker to its successor, over a Unix socket and never in a file: the old tracker stops
 * serving, sends every peer with the tick of its last announce, and exits.
 */
export async function offerHandover(socketPath: string, giveUp: () => Promise<Swarms>): Promise<Handover> {
  await mkdir(path.dirname(socketPath), { recursive: true })
  await rm(socketPath, { force: true })
  const done = Promise.withResolvers<void>()
  let taken = false
  const server = createServer(async (socket) => {
    socket.on('error', () => socket.destroy())
    if (taken) {
      socket.destroy()
      return
    }
    taken = true
    try {
      const swarms = await giveUp()
      for (const chunk of peersOf(swarms)) if (!socket.write(chunk)) await once(socket, 'drain')
      socket.end()
      await once(socket, 'close')
    } finally {
      // Whether or not the transfer succeeded, this tracker no longer serves.
      done.resolve()
    }
  })
  const before = process.umask(0o077)
  server.listen(socketPath)
  await once(server, 'listening').finally(() => process.umask(before))
  return {
    done: done.promise,
    async [Symbol.asyncDispose]() {
      server.close()
      // After a handover, the socket's path belongs to the successor.
      if (!taken) await rm(socketPath, { force: true })
    },
  }
}

export type Handover = AsyncDisposable & {
  /** Resolves when a successor has received everything. */
  readonly done: Promise<void>
}

/**
 * Asks the tracker that listens on `socketPath` to stop and to send its peers; every chunk is a list of peers.
 * @returns undefined if no tracker listens there
 */
export async function takeOver(socketPath: string): Promise<Buffer | undefined> {
  const socket = connect(socketPath)
  try {
    await once(socket, 'connect')
  } catch {
    return undefined
  }
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Adds the peers of a handover whose torrents are allowed, as far as they were received; returns how many. */
export function enterPeers(swarms: Swarms, peers: Buffer): number {
  const announce = newAnnounce()
  let entered = 0
  for (let at = 0; at + 5 <= peers.length; ) {
    const length = peers.readUInt32BE(at)
    announce.tick = peers[at + 4]!
    const records = peers.subarray(at + 5, at + 5 + length)
    readRecords(records, announce, (offset) => {
      if (swarms.announce(records, offset, announce, noReply)) entered++
    })
    at += 5 + length
  }
  return entered
}

/** Peers in chunks with the same tick: length 4, tick 1, records. */
function* peersOf(swarms: Swarms): Generator<Buffer, void> {
  const packs = new Map<number, { bytes: Buffer; length: number }>()
  const finished: Buffer[] = []
  const finish = (tick: number, pack: { bytes: Buffer; length: number }): void => {
    pack.bytes.writeUInt32BE(pack.length - 5)
    pack.bytes[4] = tick
    finished.push(pack.bytes.subarray(0, pack.length))
    packs.delete(tick)
  }
  const add = (infoHash: Uint8Array, announce: Announce): void => {
    let pack = packs.get(announce.tick)
    if (pack === undefined) {
      pack = { bytes: Buffer.allocUnsafe(packBytes), length: 5 }
      packs.set(announce.tick, pack)
    }
    pack.length = writeRecord(pack.bytes, pack.length, { infoHash, offset: 0, announce })
    if (pack.length > packBytes - 64) finish(announce.tick, pack)
  }
  for (let from = 1; from !== 0; ) {
    from = swarms.forEachPeer(add, { from, count: 100 })
    yield* finished.splice(0)
  }
  for (const [tick, pack] of packs) finish(tick, pack)
  yield* finished
}

const packBytes = 64 * 1024
