import { CommandError } from '../command-error.ts'
import { isTorrentEvent, torrentEventKind } from './formats/nip35.ts'

/** A relay sends at most this many events for one request; older ones are asked for with `until`. */
const pageSize = 500
const [mostEvents, mostBytes] = [200_000, 512 * 2 ** 20]
const answerTimeoutMs = 60_000

/** All events of kind 2003 (NIP-35) that a Nostr relay stores, the newest first (NIP-01). Throws a CommandError if it fails. */
export async function readTorrentEvents(address: string): Promise<unknown[]> {
  const socket = new WebSocket(address)
  try {
    await opened(socket, address)
    const events = new Map<string, { created_at: number }>()
    let bytes = 0
    for (let until: number | undefined; ; ) {
      const page = await request(socket, address, { kinds: [torrentEventKind], limit: pageSize, until })
      if (page.length === 0) return [...events.values()]
      const before = events.size
      for (const { text, event } of page) {
        bytes += text.length
        events.set(String(event.id), event as { created_at: number } & object)
      }
      if (bytes > mostBytes || events.size > mostEvents)
        throw new CommandError('failure', `${address} has more events than can be imported at once.`)
      const oldest = Math.min(...page.map(({ event }) => Number(event.created_at)))
      if (!Number.isSafeInteger(oldest) || oldest > (until ?? oldest))
        throw new CommandError('network', `${address} sends events that are newer than those asked for.`)
      // The oldest second is asked for again while that brings anything: more of its events may not have fitted.
      until = events.size > before ? oldest : oldest - 1
    }
  } finally {
    socket.close()
  }
}

interface Received {
  readonly text: string
  readonly event: Record<string, unknown>
}

/** The stored events that match a filter (NIP-01, `REQ` until `EOSE`). */
function request(socket: WebSocket, address: string, filter: object): Promise<Received[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Received[]>()
  const received: Received[] = []
  const fail = (why: string) => reject(new CommandError('network', `${address} ${why}.`))
  const timer = setTimeout(() => fail('did not answer within a minute'), answerTimeoutMs)
  const onMessage = ({ data }: MessageEvent) => {
    const message = parse(data)
    if (!Array.isArray(message) || message[1] !== subscription) return
    const [type, , event] = message
    if (type === 'EVENT' && isTorrentEvent(event)) received.push({ text: String(data), event })
    else if (type === 'EOSE') resolve(received)
    else if (type === 'CLOSED') fail(`refused the request: ${String(event).slice(0, 200)}`)
    if (received.length > pageSize * 10) fail('sends more events than were asked for')
  }
  const onClose = () => fail('closed the connection')
  socket.addEventListener('message', onMessage)
  socket.addEventListener('close', onClose)
  socket.send(JSON.stringify(['REQ', subscription, filter]))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.removeEventListener('message', onMessage)
    socket.removeEventListener('close', onClose)
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(['CLOSE', subscription]))
  })
}

const subscription = 'torrents'

function parse(data: unknown): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined
  } catch {
    return undefined
  }
}

function opened(socket: WebSocket, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new CommandError('network', `${address} cannot be reached as a Nostr relay.`))
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', fail, { once: true })
    socket.addEventListener('close', fail, { once: true })
  })
}
