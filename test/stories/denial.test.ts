import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import type { Environment } from '../system/environment.ts'
import { answering, type Program, startProgram } from '../system/program.ts'
import { publishTorrent } from '../system/publish.ts'
import { needs } from '../system/requirements.ts'
import { testStores } from '../system/stores.ts'
import { prepareSystem } from '../system/system.ts'
import { announce } from '../system/tracker.ts'
import { query, XrpcError } from '../system/xrpc.ts'

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const appViewEntry = path('appview/bin/holdfast-appview.mjs')
const trackerEntry = path('tracker/bin/holdfast-tracker.mjs')

const able = needs('a denied torrent across restarts', 'patience')

test.skipIf(!able).each(testStores({ isLong: true }))(
  'a denied infohash stays refused, on $name',
  async (store) => {
    await using prepared = await prepareSystem(store)
    const { network, directory, env } = prepared
    let programs = await startBoth(env)
    try {
      const { torrent } = await publishTorrent(network.accounts[0]!, { directory })
      const other = await publishTorrent(network.accounts[1]!, { directory })
      const [v1, v2] = [torrent.infoHashV1!, torrent.infoHashV2!]
      const admits = (infoHash: string) =>
        announce(env.HOLDFAST_TRACKERS, infoHash).then((reason) => reason === null)
      for (const infoHash of [v1, v2, other.torrent.infoHashV1!]) {
        await waitFor(() => admits(infoHash), { what: `${infoHash} to be let in` })
      }

      expect(await operator(env, ['deny', v1, '--reason', 'a test'])).toBe(0)
      await waitFor(async () => !(await admits(v1)) && !(await admits(v2)), {
        what: 'the refusal',
        timeoutMs: 1_000,
      })
      const refusal = await query(env.HOLDFAST_APPVIEW_URL, 'getTorrent', { infoHash: v2 }).catch(
        (error) => error,
      )
      expect(refusal).toBeInstanceOf(XrpcError)
      expect(await admits(other.torrent.infoHashV1!)).toBe(true)

      for (const rebuild of [false, true]) {
        await stopBoth(programs)
        if (rebuild) await run(appViewEntry, { args: ['rebuild', '--yes'], env })
        programs = await startBoth(env)
        await waitFor(() => admits(other.torrent.infoHashV1!), {
          what: 'the other one back',
          timeoutMs: 30_000,
        })
        expect(await admits(v1)).toBe(false)
        expect(await admits(v2)).toBe(false)
      }

      expect(await operator(env, ['restore', v2.slice(0, 40)])).toBe(0)
      expect(await operator(env, ['restore', v1])).toBe(0)
      await waitFor(() => admits(v2), { what: 'the restored one to be let in' })
    } finally {
      await stopBoth(programs)
    }
  },
)

async function startBoth(env: Environment): Promise<Program[]> {
  const appView = startProgram(appViewEntry, { args: ['serve'], env })
  await answering(appView, `${env.HOLDFAST_APPVIEW_URL}/health`)
  const tracker = startProgram(trackerEntry, { env })
  await answering(tracker, `http://127.0.0.1:${env.HOLDFAST_TRACKER_PORT}/health`)
  return [tracker, appView]
}

async function stopBoth(programs: readonly Program[]): Promise<void> {
  for (const program of programs) expect(await program.stop('SIGTERM'), program.output()).toBe(0)
}

const operator = (env: Environment, args: readonly string[]) =>
  run(appViewEntry, { args: ['admin', ...args], env })

async function run(
  entry: string,
  options: { args: readonly string[]; env: Environment },
): Promise<number | null> {
  await using program = startProgram(entry, options)
  await waitFor(() => program.process.exitCode !== null, {
    what: `${options.args.join(' ')} to end`,
    timeoutMs: 60_000,
  })
  expect(program.output()).not.toMatch(/rror/)
  return program.process.exitCode
}
