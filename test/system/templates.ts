import { scratchDirectory } from './scratch.ts'

/** The directory in which the workers of one test run keep what they copy; see `layEmbedded`. */
export async function setup(): Promise<() => Promise<void>> {
  const scratch = await scratchDirectory()
  process.env.HOLDFAST_TEST_TEMPLATES = scratch.path
  return async () => scratch[Symbol.asyncDispose]()
}
