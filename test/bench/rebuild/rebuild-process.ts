/** A process that rebuilds a catalog from an archive, and reports how long that took and how much memory it used. */
import { loadConfig } from '@holdfast/appview/config'
import { rebuild } from '@holdfast/appview/rebuild'
import { peakRssMB } from '../../system/process-memory.ts'

const [archive = ''] = process.argv.slice(2)
const started = performance.now()
let last = 0
const progress = await rebuild(loadConfig(process.env), {
  signal: new AbortController().signal,
  from: { archive },
  onImport: ({ repos, records }) => {
    if (performance.now() - last < 10_000) return
    last = performance.now()
    console.error(`${((last - started) / 1_000).toFixed(0)} s: ${repos} repositories, ${records} records`)
  },
  onProgress: ({ verifiedTorrents }) => {
    if (performance.now() - last < 10_000) return
    last = performance.now()
    console.error(`${((last - started) / 1_000).toFixed(0)} s: ${verifiedTorrents} metainfo verified`)
  },
})
const seconds = (performance.now() - started) / 1_000
console.log(JSON.stringify({ ...progress, seconds, peakRssMB: peakRssMB() }))
process.exit(0)
