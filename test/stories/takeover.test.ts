import { fileURLToPath } from 'node:url'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { expect, test } from 'vitest'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { type Environment, environmentFor } from '../system/environment.ts'
import { answering, type Program, startProgram } from '../system/program.ts'
import { putRecord } from '../system/publish.ts'
import { databaseUrl, needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { slowness } from '../system/slowness.ts'
import { query } from '../system/xrpc.ts'

const entry = fileURLToPath(new URL('../../appview/bin/holdfast-appview.mjs', import.meta.url))
const able = needs('a leader that is killed', 'PostgreSQL')

test.skipIf(!able)(
  'after kill -9 of the leader its standby indexes a record within two seconds',
  async () => {
    await using network = await startNetwork({ pdsCount: 1 })
    await using database = await createScratchDatabase(databaseUrl())
    await using stack = new AsyncDisposableStack()
    const start = async (): Promise<{ program: Program; env: Environment }> => {
      const { path: directory } = stack.use(await scratchDirectory())
      const sources = [network.relayUrl]
      const env = await environmentFor(network, { sources, directory, databaseUrl: database.url })
      const program = stack.use(
        startProgram(entry, { args: ['serve'], env: { ...env, HOLDFAST_LOG_LEVEL: 'info' } }),
      )
      await answering(program, `${env.HOLDFAST_APPVIEW_URL}/health`)
      return { program, env }
    }
    const leader = await start()
    await waitFor(() => leader.program.output().includes('this process follows the sources'), {
      what: 'the first to lead',
    })
    const standby = await start()
    await waitFor(() => standby.program.output().includes('standing by'), { what: 'the second to stand by' })
    const account = network.accounts[0]!
    const indexed = (uri: string) =>
      waitFor(() => query(standby.env.HOLDFAST_APPVIEW_URL, 'getDataset', { uri }), {
        what: `${uri} at the standby`,
      })
    await indexed(
      await putRecord(account, { collection: 'dataset', rkey: 'before', record: { title: 'Before' } }),
    )

    await leader.program.stop('SIGKILL')
    const killed = performance.now()
    await indexed(
      await putRecord(account, { collection: 'dataset', rkey: 'after', record: { title: 'After' } }),
    )
    const tookMs = performance.now() - killed
    expect(tookMs).toBeLessThan(2_000 * slowness())
  },
)
