import { randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { unicastLookup } from '@atproto-labs/fetch-node'
import { PrivateAddressError } from '../../guarded-fetch-errors.ts'
import { isPrivateHostname } from '../private-host.ts'
import {
  boundedCounts,
  type ScrapeAnswer,
  type ScrapedCounts,
  ScrapeRefusedError,
  type Scraping,
} from './scrape-answer.ts'

/**
 * BEP 15. The socket is connected, so that only the address that was checked can answer, and each question carries a
 * random number that its answer must repeat.
 */
export async function scrapeUdp(
  url: URL,
  names: readonly string[],
  scraping: Pick<Scraping, 'allowPrivateHosts' | 'signal' | 'timeoutMs'>,
): Promise<ScrapeAnswer> {
  const address = await resolve(url.hostname, scraping.allowPrivateHosts)
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
/** Sent again after this long, then after twice as long, as BEP 15 asks; the whole has its own limit. */
const firstWaitMs = 5_000

interface Question {
  action: number
  /** Bytes of the shortest right answer. */
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

/** Seeders, completed and leechers of each name, in the order asked. */
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

/** The address that is dialled is the one that was checked: a name is resolved once. */
async function resolve(hostname: string, allowPrivateHosts: boolean): Promise<LookupAddress> {
  const host = hostname.replaceAll(/^\[|\]$/g, '')
  if (!allowPrivateHosts && isPrivateHostname(hostname))
    throw new PrivateAddressError(`${hostname} is not a public address`)
  const family = isIP(host)
  if (family !== 0) return { address: host, family }
  const { promise, resolve: found, reject } = Promise.withResolvers<LookupAddress>()
  const find: LookupFunction = allowPrivateHosts ? lookup : unicastLookup
  find(host, { all: true, order: 'ipv4first' }, (error, addresses) => {
    if (!error) return found((addresses as LookupAddress[])[0]!)
    // The guard's refusal has no code, unlike what DNS answers.
    if (error.code) reject(new Error(`cannot find ${host}: ${error.code}`))
    else reject(new PrivateAddressError(`${host} is not a public host`))
  })
  return promise
}
