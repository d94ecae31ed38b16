/** A process that serves the pages over a loaded database, without ingest, and reports its port. */
import { startSite } from '../../pages/site.ts'

const site = await startSite({ databaseUrl: process.argv[2]!, keepAdmission: true })
process.send!({ port: Number(new URL(site.url).port) })
process.once('disconnect', async () => {
  await site[Symbol.asyncDispose]()
  process.exit(0)
})
