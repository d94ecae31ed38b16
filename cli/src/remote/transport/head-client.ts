import { Connection, type HostGuard } from './connection.ts'
import type { Head } from './head.ts'
import { followRedirects, redirectOf } from './redirects.ts'

/** The status and headers of an answer, after redirects. */
export interface HeadAnswer {
  readonly url: URL
  readonly status: number
  readonly headers: Head['headers']
}

const maxIdle = 64

/** Asks for the heads of answers, over connections that are kept open: two for each file would cost `fetch` most of a run. */
export class HeadClient implements Disposable {
  readonly #guard: HostGuard | null
  readonly #idle = new Map<string, Connection[]>()
  #idleCount = 0

  constructor(guard: HostGuard | null) {
    this.#guard = guard
  }

  /** Rejects with a BrokenAnswerError, a RedirectError or the guard's error. */
  async ask(
    address: string,
    method: 'GET' | 'HEAD',
    headers: Readonly<Record<string, string>>,
  ): Promise<HeadAnswer> {
    let head: Head | undefined
    const url = await followRedirects(new URL(address), async (target) => {
      head = await this.#askOne(target, method, headers)
      return redirectOf(head)
    })
    return { url, status: head!.status, headers: head!.headers }
  }

  [Symbol.dispose](): void {
    for (const connections of this.#idle.values())
      for (const connection of connections) connection[Symbol.dispose]()
    this.#idle.clear()
  }

  async #askOne(url: URL, method: 'GET' | 'HEAD', headers: Readonly<Record<string, string>>): Promise<Head> {
    const idle = this.#idle.get(url.origin) ?? []
    this.#idle.set(url.origin, idle)
    const known = idle.pop()
    if (known) this.#idleCount--
    const connection = known ?? new Connection()
    let head: Head | undefined
    await connection.ask(url, {
      ...{ method, headers, guard: this.#guard },
      onHead(found) {
        head = found
        return null
      },
    })
    if (this.#idleCount >= maxIdle) connection[Symbol.dispose]()
    else {
      this.#idleCount++
      idle.push(connection)
    }
    return head!
  }
}
