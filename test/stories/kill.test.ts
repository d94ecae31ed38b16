import { fileURLToPath } from 'node:url'
import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import type { Network } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { type Environment, environmentFor } from '../system/environment.ts'
import { answering, type Program, startProgram } from '../system/program.ts'
import { publishTorrent, putRecord } from '../system/publish.ts'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { testStores } from '../system/stores.ts'
import { prepareSystem } from '../system/system.ts'
import { query } from '../system/xrpc.ts'

const entry = fileURLToPath(new URL('../../appview/bin/holdfast-appview.mjs', import.meta.url))

const able = needs('programs killed at work', 'patience')

test.skipIf(!able).each(testStores({ isLong: true }))(
  'kill -9 during ingest leads to the same index, on $name',
  async (store) => {
    await using prepared = await prepareSystem(store)
    await using calmDirectory = await scratchDirectory()
    const { network, directory, env } = prepared
    const calm = await environmentFor(network, { sources: [network.relayUrl], directory: calmDirectory.path })
    await using undisturbed = await start(calm)
    let disturbed = await start(env)
    try {
      for (let round = 0; round < 2; round++) {
        const writing = write(network, { round, directory })
        // It is killed after some of the round was written, at a moment that the test does not choose.
        await waitFor(async () => (await indexed(env, network)).length > round * 5, {
          what: `round ${round} to begin`,
        })
        await disturbed.stop('SIGKILL')
        await writing
        disturbed = await start(env)
      }
      const wanted = await inRepos(network)
      for (const [name, at] of [
        ['undisturbed', calm],
        ['disturbed', env],
      ] as const) {
        await waitFor(async () => JSON.stringify(await indexed(at, network)) === JSON.stringify(wanted), {
          what: `the ${name} index to equal the repos`,
          timeoutMs: 30_000,
        })
      }
      const announced = async (at: Environment) =>
        (await query<{ infoHashes: object[] }>(at.HOLDFAST_APPVIEW_URL, 'listInfoHashes')).infoHashes
          .map((entry) => JSON.stringify(entry))
          .sort()
      await waitFor(async () => (await announced(calm)).length === 4, {
        what: 'four announced contents',
        timeoutMs: 30_000,
      })
      await waitFor(async () => (await announced(env)).length === 4, {
        what: 'the same four',
        timeoutMs: 30_000,
      })
      expect(await announced(env)).toEqual(await announced(calm))
    } finally {
      await disturbed[Symbol.asyncDispose]()
    }
    expect(undisturbed.process.exitCode).toBeNull()
  },
)

async function start(env: Environment): Promise<Program> {
  const program = startProgram(entry, { args: ['serve'], env })
  await answering(program, `${env.HOLDFAST_APPVIEW_URL}/health`)
  return program
}

/** Creates, edits and deletes on both PDSes at the same time. */
async function write(
  network: Network,
  { round, directory }: { round: number; directory: string },
): Promise<void> {
  await Promise.all(
    network.accounts.map(async (account) => {
      for (let i = 0; i < 8; i++) {
        await putRecord(account, {
          collection: 'dataset',
          rkey: `r${round}-${i}`,
          record: { title: `Round ${round}, ${i}` },
        })
      }
      await publishTorrent(account, { directory })
      await putRecord(account, {
        collection: 'dataset',
        rkey: `r${round}-0`,
        record: { title: `Round ${round}, edited` },
      })
      for (const rkey of [`r${round}-1`, `r${round}-2`]) {
        await account.agent.com.atproto.repo.deleteRecord({
          repo: account.did,
          collection: collections.dataset,
          rkey,
        })
      }
    }),
  )
}

interface Listed {
  uri: string
  cid: string
}

async function indexed(env: Environment, network: Network): Promise<string[]> {
  const found: string[] = []
  for (const account of network.accounts) {
    let cursor: string | undefined
    do {
      const page = await query<{ datasets: Listed[]; cursor?: string }>(
        env.HOLDFAST_APPVIEW_URL,
        'listDatasets',
        {
          author: account.did,
          limit: 100,
          cursor,
        },
      )
      found.push(...page.datasets.map(({ uri, cid }) => `${uri} ${cid}`))
      cursor = page.cursor
    } while (cursor)
  }
  return found.sort()
}

async function inRepos(network: Network): Promise<string[]> {
  const found: string[] = []
  for (const account of network.accounts) {
    const { data } = await account.agent.com.atproto.repo.listRecords({
      repo: account.did,
      collection: collections.dataset,
      limit: 100,
    })
    found.push(...data.records.map(({ uri, cid }) => `${uri} ${cid}`))
  }
  return found.sort()
}
