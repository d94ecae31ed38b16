/** A process that serves all interfaces over a loaded database, with the sweeper, and reports its URL when searches are in memory. */
import { openCatalog } from '@holdfast/appview/store/open'
import { startSweeper } from '@holdfast/appview/upkeep/start-sweeper'
import { startIndex } from '../../appview/index-under-test.ts'
import { waitFor } from '../../network/wait-for.ts'

const databaseUrl = process.argv[2]!
const index = await startIndex({
  open: () => openCatalog({ databaseUrl, poolSize: 16 }),
  env: { HOLDFAST_SEARCH_MEMORY: '4GB' },
  validateResponse: false,
})
await startSweeper({ catalog: index.catalog, onFault: (error) => console.error(error) })
await waitFor(
  async () => {
    const metrics = await (await fetch(new URL('/metrics', index.url))).text()
    return /^holdfast_search_memory_bytes [1-9]/m.test(metrics)
  },
  { what: 'searches to be answered from memory', timeoutMs: 600_000, intervalMs: 100 },
)
process.send!({ url: index.url })
process.once('disconnect', () => process.exit(0))
