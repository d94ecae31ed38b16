import { fileURLToPath } from 'node:url'
import { countRecords } from '@holdfast/appview/catalog/read/repo'
import { type AppViewConfig, loadConfig } from '@holdfast/appview/config'
import { rebuild } from '@holdfast/appview/rebuild'
import { openCatalog } from '@holdfast/appview/store/open'
import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { startProgram } from '../system/program.ts'
import { putRecord } from '../system/publish.ts'
import { needs } from '../system/requirements.ts'
import { testStores } from '../system/stores.ts'
import { prepareSystem } from '../system/system.ts'

const entry = fileURLToPath(new URL('../../appview/bin/holdfast-appview.mjs', import.meta.url))

const able = needs('a rebuild beside the index that is served', 'patience')

test.skipIf(!able).each(testStores({ isLong: true }))(
  'a rebuild that is killed at any moment leaves an index that works, on $name',
  async (store) => {
    await using prepared = await prepareSystem(store)
    const { network, env } = prepared
    const config = loadConfig(env)
    for (const account of network.accounts)
      for (let i = 0; i < 10; i++)
        await putRecord(account, { collection: 'dataset', rkey: `r${i}`, record: { title: `Ice ${i}` } })
    const wanted = network.accounts.length * 10
    await rebuild(config, { signal: AbortSignal.timeout(60_000) })
    expect(await countIn(config)).toBe(wanted)
    for (const afterMs of [1_500, 3_000, 4_500]) {
      await using program = startProgram(entry, { args: ['rebuild', '--yes', '--continue'], env })
      // It is killed at a random moment: during its start, while it gathers records, or during the swap.
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      await program.stop('SIGKILL')
      expect(await countIn(config)).toBe(wanted)
    }
    await rebuild(config, { signal: AbortSignal.timeout(60_000), goesOn: true })
    expect(await countIn(config)).toBe(wanted)
  },
)

test.skipIf(!able).each(testStores({ isLong: true }))(
  'an index is kept when far fewer records are found, on $name',
  async (store) => {
    await using prepared = await prepareSystem(store)
    const { network, env } = prepared
    const config = loadConfig(env)
    const [account] = network.accounts
    for (let i = 0; i < 4; i++)
      await putRecord(account!, { collection: 'dataset', rkey: `r${i}`, record: { title: `Ice ${i}` } })
    await rebuild(config, { signal: AbortSignal.timeout(60_000) })
    for (const rkey of ['r0', 'r1', 'r2'])
      await account!.agent.com.atproto.repo.deleteRecord({
        repo: account!.did,
        collection: collections.dataset,
        rkey,
      })
    const again = rebuild(config, { signal: AbortSignal.timeout(60_000) })
    await expect(again).rejects.toThrow(
      /Found 1 record, and the index has 4: 25 %.*was not changed.*--continue/,
    )
    expect(await countIn(config)).toBe(4)
    await rebuild(config, { signal: AbortSignal.timeout(60_000), goesOn: true, leastShare: 0.25 })
    expect(await countIn(config)).toBe(1)
  },
)

async function countIn(config: AppViewConfig): Promise<number> {
  await using catalog = await openCatalog(config)
  return await countRecords(catalog.db)
}
