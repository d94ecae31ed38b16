import { randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { PrivateAddressError } from '../../outbound/guarded-fetch-errors.ts'
import { isPublicHost } from '../../outbound/public-host.ts'
import {
  boundedCounts,
  type ScrapeAnswer,
  type ScrapedCounts,
  ScrapeRefusedError,
  type Scraping,
} from './scrape-answer.ts'

/**
 * Scrapes a tracker over UDP (BEP 15). The socket is connected, so that only the address that was checked can answer, and
 * each request has a random number that its answer must repeat.
 */
export async function scrapeUdp(
  url: URL,
  names: readonly string[],
  scraping: Scraping,
): Promise<ScrapeAnswer> {
  if (!scraping.allowPrivateHosts && !isPublicHost(url.hostname))
    throw new PrivateAddressError(`${url.hostname} is not a public address`)
  // Look the name up only once, so that the address that was checked is the one that is used.
  const address = await scraping.fetch.findAddress(url, { purpose: 'tracker', signal: scraping.signal })
  const socket = createSocket(address.family === 6 ? 'udp6' : 'udp4')
  const signal = AbortSignal.any([scraping.signal, AbortSignal.timeout(scraping.timeoutMs)])
  try {
    await connect(socket, Number(url.port), address.address)
    const peer = { socket, signal, origin: url.host }
    const connected = await ask(peer, Buffer.from(protocolId), { action: actions.connect, shortest: 16 })
    const connectionId = connected.subarray(8, 16)
    const answer = await ask(peer, connectionId, {
      action: actions.scrape,
      shortest: 8 + 12 * names.length,
      rest: Buffer.from(names.join(''), 'hex'),
    })
    return { counts: readCounts(answer, names) }
  } catch (error) {
    scraping.signal.throwIfAborted()
    if (signal.aborted) throw new Error(`${url.host} sent no answer in ${scraping.timeoutMs} ms`)
    throw error
  } finally {
    socket.close()
  }
}

const protocolId = [0x00, 0x00, 0x04, 0x17, 0x27, 0x10, 0x19, 0x80] as const
const actions = { connect: 0, scrape: 2, error: 3 } as const
/** A request is sent again after this time, then after twice as long, as BEP 15 says; the whole scrape has its own limit. */
const firstWaitMs = 5_000

interface Question {
  action: number
  /** The length of the shortest valid answer, in bytes. */
  shortest: number
  rest?: Uint8Array
}

function ask(
  peer: { socket: Socket; signal: AbortSignal; origin: string },
  connectionId: Uint8Array,
  { action, shortest, rest = new Uint8Array() }: Question,
): Promise<Buffer> {
  const transaction = randomInt(2 ** 32)
  const packet = Buffer.alloc(16 + rest.length)
  packet.set(connectionId.subarray(0, 8), 0)
  packet.writeUInt32BE(action, 8)
  packet.writeUInt32BE(transaction, 12)
  packet.set(rest, 16)
  const { socket, signal, origin } = peer
  const { promise, resolve: answer, reject } = Promise.withResolvers<Buffer>()
  const onMessage = (message: Buffer) => {
    if (message.length < 8 || message.readUInt32BE(4) !== transaction) return
    const answered = message.readUInt32BE(0)
    if (answered === actions.error) reject(new ScrapeRefusedError(message.subarray(8, 308).toString()))
    else if (answered !== action || message.length < shortest)
      reject(new Error(`${origin} sent a broken answer`))
    else answer(message)
  }
  const onAbort = () => reject(signal.reason)
  socket.on('message', onMessage)
  socket.on('error', reject)
  signal.addEventListener('abort', onAbort, { once: true })
  let waitMs = firstWaitMs
  let timer: NodeJS.Timeout
  const send = () => {
    socket.send(packet, (error) => error && reject(error))
    timer = setTimeout(send, waitMs)
    waitMs *= 2
  }
  if (signal.aborted) onAbort()
  else send()
  return promise.finally(() => {
    clearTimeout(timer)
    socket.off('message', onMessage)
    socket.off('error', reject)
    signal.removeEventListener('abort', onAbort)
  })
}

/** Reads seeders, completed and leechers of each name, in the order of the request. */
function readCounts(answer: Buffer, names: readonly string[]): Map<string, ScrapedCounts> {
  const count = (i: number, field: number) => answer.readUInt32BE(8 + 12 * i + 4 * field)
  return new Map(
    names.map((name, i) => [
      name,
      boundedCounts({ seeders: count(i, 0), completed: count(i, 1), leechers: count(i, 2) }),
    ]),
  )
}

function connect(socket: Socket, port: number, address: string): Promise<void> {
  const { promise, resolve: connected, reject } = Promise.withResolvers<void>()
  const onConnected: (error?: Error) => void = (error) => (error ? reject(error) : connected())
  socket.connect(port, address, onConnected)
  return promise
}
