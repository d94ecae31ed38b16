import { expect, test } from 'vitest'
import { createStepRunner } from '../demo/steps.ts'
import { runStory } from '../demo/story.ts'
import { testStores } from '../system/stores.ts'

test.each(testStores())('publishes, indexes, finds and transfers a dataset, on $name', async ({ create }) => {
  await using store = await create()
  const runner = createStepRunner(() => {})
  await using demo = await runStory(runner, store)
  expect(demo.datasetUri).toMatch(/^at:\/\/did:plc:/)
  expect(runner.steps.map((step) => step.name)).toContain('The index tells how many have the files')
})
