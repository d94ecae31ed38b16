/**
 * Measures a rebuild: the catalog is lost and restored from an archive of whole repositories and their metainfo, into
 * PostgreSQL, with every repository and every metainfo verified. Making the archive is not part of the time.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { startPlc } from '../network/plc.ts'
import { scratchDirectory } from '../system/scratch.ts'
import type { Bench } from './main.ts'
import { writeArchive } from './rebuild/write-archive.ts'

const execute = promisify(execFile)

export const run: Bench = async ({ quick, log }) => {
  const url = process.env.HOLDFAST_TEST_DATABASE_URL
  if (!url)
    throw new Error('This bench writes to PostgreSQL: set HOLDFAST_TEST_DATABASE_URL to a server it may use.')
  await using scratch = await scratchDirectory()
  await using plc = await startPlc()
  await using database = await createScratchDatabase(url)
  const archive = join(scratch.path, 'archive')
  const [repos, recordsEach] = quick ? [40, 20] : [2_000, 100]
  log(`writing an archive of ${repos} repositories of ${recordsEach} records`)
  await writeArchive(archive, { plc, repos, recordsEach, log })
  const env = {
    ...process.env,
    HOLDFAST_DATABASE_URL: database.url,
    HOLDFAST_PLC_URL: plc.url,
    HOLDFAST_ALLOW_PRIVATE_HOSTS: 'true',
    HOLDFAST_LOG_LEVEL: 'error',
  }
  const child = execute(
    process.execPath,
    [new URL('rebuild/rebuild-process.ts', import.meta.url).pathname, archive],
    { env },
  )
  child.child.stderr?.on('data', (text) => log(String(text).trimEnd()))
  const done = JSON.parse((await child).stdout) as Done
  const records = done.datasets + done.torrents
  if (records !== repos * recordsEach)
    throw new Error(`the archive holds ${repos * recordsEach} records, the catalog ${records}`)
  return {
    figures: {
      records,
      verifiedMetainfo: done.verifiedTorrents,
      seconds: done.seconds,
      peakRssMB: done.peakRssMB,
    },
    ratios: {},
  }
}

interface Done {
  datasets: number
  torrents: number
  verifiedTorrents: number
  seconds: number
  peakRssMB: number
}
