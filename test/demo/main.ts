/** `npm run demo [-- --once --json]`: the main job on real parts, on this machine, in one go. */
import { parseArgs } from 'node:util'
import { createStepRunner, StepError } from './steps.ts'
import { type Demo, runStory } from './story.ts'

const usage = `Runs Holdfast's main job on this machine: two PDSes, an AppView, a tracker, two BitTorrent clients.

  npm run demo                    tell the story, then stay up until Ctrl-C
  npm run demo -- --once          tell it once and exit 0, or 1 with the step that failed
  npm run demo -- --once --json   the same as one line of JSON
`

const { values: options } = parseArgs({
  options: { once: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})

if (options.help) {
  console.log(usage)
} else {
  const runner = createStepRunner(options.json ? () => {} : console.log)
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
    else console.error(`\nfailed at ${reason}`)
  }
}

function announce(demo: Demo): void {
  console.log(`
The dataset is in the librarian's own repo; everything else can be rebuilt from there.

  index       ${demo.appViewUrl}/
  dataset     ${demo.datasetUri}
  API         ${demo.appViewUrl}/xrpc/_health
  tracker     ${demo.trackerUrl}
  magnet      ${demo.magnet}
`)
  if (!options.once)
    console.log('Open the index in a browser. Ctrl-C ends the demo and removes what it made.')
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
