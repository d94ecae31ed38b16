/** `npm run demo [-- --once --json]`: shows what Holdfast does, on this machine, with real parts. */
import { parseArgs } from 'node:util'
import { methods } from '@holdfast/lexicons/nsid'
import { createStepRunner, StepError } from './steps.ts'
import { type Demo, runStory } from './story.ts'

const usage = `Shows on this machine what Holdfast does, with real parts: somebody publishes a dataset, an index finds it, and BitTorrent
clients share its files by way of a tracker.

  npm run demo                    show it, then stay up until Ctrl-C
  npm run demo -- --once          show it once; exit code 0, or 1 with the step that failed
  npm run demo -- --once --json   the same as one line of JSON
`

const { values: options } = parseArgs({
  options: { once: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})

if (options.help) {
  console.log(usage)
} else {
  const print = options.json ? () => {} : console.log
  print('Holdfast on this machine. Each line is a step, with the time that it took.\n')
  const runner = createStepRunner(print)
  try {
    await using demo = await runStory(runner)
    if (options.json) console.log(JSON.stringify({ ok: true, steps: runner.steps, dataset: demo.datasetUri }))
    else announce(demo)
    if (!options.once) await interrupted()
  } catch (error) {
    process.exitCode = 1
    const step = error instanceof StepError ? error.step : 'clean up'
    const reason = error instanceof Error ? error.message : String(error)
    if (options.json)
      console.log(JSON.stringify({ ok: false, steps: runner.steps, failed: step, error: reason }))
    else console.error(`\nThis step failed: ${reason}`)
  }
}

function announce(demo: Demo): void {
  console.log(`
The record is in the librarian's own repository, so that the index can be lost and built again.

  the index      ${demo.appViewUrl}/
  the dataset    ${demo.datasetUrl}
  its record     ${demo.datasetUri}
  its magnet     ${demo.magnet}
  the tracker    ${demo.trackerUrl}
  the API        ${demo.appViewUrl}/xrpc/${methods.searchDatasets}?q=county
`)
  if (!options.once)
    console.log('Open the first two in a browser. Ctrl-C ends the demo and removes what it made.')
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
