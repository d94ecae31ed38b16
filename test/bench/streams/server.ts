/** A process that serves the live streams over a database, and writes datasets on request. */
import { openCatalog } from '@holdfast/appview/store/open'
import { startIndex } from '../../appview/index-under-test.ts'
import { peakRssMB } from '../../system/process-memory.ts'

const did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const batchSize = 500
const index = await startIndex({ open: () => openCatalog({ databaseUrl: process.argv[2]! }) })
process.send!({ url: index.url })
process.on('message', async (message: { write?: number }) => {
  if (message.write !== undefined) {
    const before = process.memoryUsage().rss / 1024 ** 2
    for (let from = 0; from < message.write; from += batchSize) await writeBatch(from, message.write)
    process.send!({ written: true, beforeMB: before })
  } else process.send!({ peakRssMB: peakRssMB() })
})
process.once('disconnect', () => process.exit(0))

function writeBatch(from: number, total: number): Promise<void> {
  const count = Math.min(batchSize, total - from)
  return index.write(
    did,
    Array.from({ length: count }, (_, i) => ({
      put: 'dataset',
      rkey: `d${from + i}`,
      record: { title: `Dataset ${from + i}`, description: 'x'.repeat(500) },
    })),
  )
}
