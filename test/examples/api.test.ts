/** Runs the examples of docs/api.md against an index. */
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type IndexUnderTest, startIndex } from '../appview/index-under-test.ts'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'

const run = promisify(execFile)
const repository = new URL('../../', import.meta.url).pathname
const author = 'did:plc:alicealicealicealice1234'
let index: IndexUnderTest
beforeAll(async () => {
  index = await startIndex({ open: openEmbedded })
  await index.write(
    author,
    ['first', 'second'].map((rkey) => ({
      put: 'dataset' as const,
      rkey,
      record: { title: `Sea ice, the ${rkey}` },
    })),
  )
})
afterAll(() => index[Symbol.asyncDispose]())

async function example(language: string): Promise<string> {
  const text = await readFile(join(repository, 'docs/api.md'), 'utf8')
  return new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(text)![1]!
}
const titles = (output: string) =>
  output
    .trim()
    .split('\n')
    .map((line) => line.split(' ').slice(1).join(' '))
    .sort()
const both = ['Sea ice, the first', 'Sea ice, the second']

test('the example in TypeScript finds the datasets', async () => {
  await using folder = await scratchDirectory()
  // Beside the packages, as in somebody's project.
  const file = join(repository, 'test', `.example-${folder.path.split('-').at(-1)}.ts`)
  await writeFile(file, await example('ts'))
  try {
    const { stdout } = await run(process.execPath, [file], { env: { ...process.env, INDEX: index.url } })
    expect(titles(stdout)).toEqual(both)
  } finally {
    await rm(file)
  }
})

const hasPython = needs('the example in Python', 'python3')

test.skipIf(!hasPython)('the example in Python finds the datasets', async () => {
  const { stdout } = await run('python3', ['-c', await example('python')], {
    env: { ...process.env, INDEX: index.url },
  })
  expect(titles(stdout)).toEqual(both)
})
