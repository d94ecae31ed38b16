import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * A loopback TCP port nobody listens on, for a program that must know its own URL before it listens.
 *
 * Ports come from below the range the kernel hands out for port 0 and for outgoing connections, so that neither
 * takes this one between now and its use.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(15_000, 32_000)
    if (await isFree(port)) return port
  }
  throw new Error(
    'found no free port between 15000 and 32000 in 100 tries; are other networks still running?',
  )
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
