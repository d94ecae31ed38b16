/** A process that serves the faces over a loaded database and tells its port: the pages alone, without ingest. */
import { startSite } from '../../pages/site.ts'

const site = await startSite({ databaseUrl: process.argv[2]!, keepAdmission: true })
process.send!({ port: Number(new URL(site.url).port) })
process.once('disconnect', async () => {
  await site[Symbol.asyncDispose]()
  process.exit(0)
})
