import { connect } from 'node:net'

/**
 * Requests pages over kept-alive connections until `until`. Each client sends one request after the other, with a pause
 * between them. Returns the time of each answer in milliseconds. It implements only the HTTP it needs, so that
 * measuring takes little of the machine.
 */
export async function askPages(
  port: number,
  options: { clients: number; path: () => string; until: number; pauseMs: number },
): Promise<number[]> {
  const times: number[] = []
  await Promise.all(
    Array.from({ length: options.clients }, () =>
      oneClient(port, { ...options, onTime: (ms) => times.push(ms) }),
    ),
  )
  return times
}

interface Client {
  path: () => string
  until: number
  pauseMs: number
  onTime: (ms: number) => void
}

function oneClient(port: number, { path, until, pauseMs, onTime }: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    let startedAt = 0
    let missing = -1
    let head = ''
    const ask = () => {
      if (performance.now() >= until) {
        socket.end()
        resolve()
        return
      }
      head = ''
      missing = -1
      startedAt = performance.now()
      socket.write(`GET ${path()} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n`)
    }
    socket.on('connect', ask)
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      if (missing >= 0) missing -= chunk.length
      else {
        head += chunk.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        if (!head.startsWith('HTTP/1.1 200 ')) return reject(new Error(`not a page: ${head.slice(0, 200)}`))
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1])
        if (Number.isNaN(length)) return reject(new Error('the answer tells no length'))
        missing = length - (head.length - end - 4)
      }
      if (missing > 0) return
      onTime(performance.now() - startedAt)
      if (pauseMs > 0) setTimeout(ask, pauseMs)
      else ask()
    })
  })
}
