import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Network } from '../../network/network.ts'

export interface Reference extends AsyncDisposable {
  /** Whether a record with this URI was inserted. */
  has(uri: string): Promise<boolean>
}

/** Starts the program to compare with (`reference-process.ts`) over a network of its own. */
export async function startReference(network: Network): Promise<Reference> {
  const program = fileURLToPath(new URL('./reference-process.ts', import.meta.url))
  const child = fork(program, [network.relayUrl, network.plcUrl], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  const url = `${line}`.trim()
  return {
    async has(uri) {
      const response = await fetch(`${url}/?uri=${encodeURIComponent(uri)}`)
      await response.text()
      return response.ok
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    },
  }
}
