/**
 * Sends requests to many hosts about many accounts, with limits in all and for each host, and with hosts taking turns. A
 * host that failed a few times is not asked again, so that a listing or a comparison of all accounts does not wait for slow
 * hosts, however many accounts they have.
 */
export interface HostTurns {
  /** Runs a task in the host's turn. Rejects with HostGivenUpError when the host failed too often. */
  ask<T>(host: string, task: () => Promise<T>): Promise<T>
}

export interface HostTurnsOptions {
  readonly maxConcurrent: number
  readonly maxPerHost: number
  readonly maxTroubles: number
  /** Whether an error means that the host is slow or unreachable, rather than an answer of it. */
  readonly isTrouble: (error: unknown) => boolean
}

export class HostGivenUpError extends Error {
  override readonly name = 'HostGivenUpError'
}

interface Host {
  readonly waiting: (() => void)[]
  active: number
  troubles: number
}

/** Makes turns for one round of requests. Use a new one for each round, because it remembers every host. */
export function createHostTurns(options: HostTurnsOptions): HostTurns {
  const { maxConcurrent, maxPerHost, maxTroubles, isTrouble } = options
  const hosts = new Map<string, Host>()
  // Hosts with waiting tasks, in the order of their turns.
  const line = new Map<string, Host>()
  let active = 0

  const giveTurns = () => {
    for (const [name, host] of line) {
      if (active >= maxConcurrent) return
      if (host.active >= maxPerHost) continue
      line.delete(name)
      const next = host.waiting.shift()
      if (host.waiting.length > 0) line.set(name, host)
      if (!next) continue
      active++
      host.active++
      next()
    }
  }
  return {
    async ask(name, task) {
      const host = hosts.get(name) ?? { waiting: [], active: 0, troubles: 0 }
      hosts.set(name, host)
      await new Promise<void>((resolve) => {
        host.waiting.push(resolve)
        line.set(name, host)
        giveTurns()
      })
      try {
        if (host.troubles >= maxTroubles) throw new HostGivenUpError(`${name} was in trouble too often`)
        return await task()
      } catch (error) {
        if (isTrouble(error)) host.troubles++
        throw error
      } finally {
        active--
        host.active--
        giveTurns()
      }
    },
  }
}
