import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { bundle } from './build.ts'

test('the bundles in the repository are built from the current sources', async () => {
  const stale: string[] = []
  for (const { name, path, text } of await bundle())
    if ((await readFile(path, 'utf8')) !== text) stale.push(name)
  expect(stale, 'run `npm run bundle -w appview` and commit what it writes').toEqual([])
})
