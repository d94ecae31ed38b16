import { setTimeout as wait } from 'node:timers/promises'
import { aborted } from '../runtime/aborted.ts'
import { openDedicatedConnection } from './dedicated-connection.ts'

const retryFirstMs = 100
const retryMaxMs = 5_000

/**
 * Calls back on each NOTIFY of a channel, over a connection of its own. A lost connection is opened again, and then calls
 * back too, because a notification may have been missed. Resolves once listening.
 *
 * @throws Error when the first connection cannot be made
 */
export async function listenForNotifications(
  databaseUrl: string,
  channel: string,
  onNotify: (payload: string) => void,
): Promise<AsyncDisposable> {
  const stop = new AbortController()
  let connection = await connect(databaseUrl, channel, onNotify)
  const keepListening = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await Promise.race([connection.closed, aborted(stop.signal)])
      await connection.end()
      for (let waitMs = retryFirstMs; !stop.signal.aborted; waitMs = Math.min(waitMs * 2, retryMaxMs)) {
        try {
          connection = await connect(databaseUrl, channel, onNotify)
          onNotify('')
          break
        } catch {
          await wait(waitMs, undefined, { signal: stop.signal }).catch(() => {})
        }
      }
    }
    await connection.end()
  }
  const listening = keepListening()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await listening
    },
  }
}

interface Connection {
  readonly closed: Promise<void>
  end(): Promise<void>
}

async function connect(
  databaseUrl: string,
  channel: string,
  onNotify: (payload: string) => void,
): Promise<Connection> {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const client = openDedicatedConnection(databaseUrl, {
    applicationName: 'holdfast-listen',
    onClosed: resolve,
    onNotify: (name, payload) => void (name === channel && onNotify(payload)),
  })
  const end = () => client.end({ timeout: 1 })
  try {
    await client`LISTEN ${client(channel)}`
  } catch (error) {
    await end()
    throw error
  }
  return { closed, end }
}
