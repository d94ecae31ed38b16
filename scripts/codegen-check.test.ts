import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { differences } from './codegen-check.ts'

test('names a file that was edited, forgotten or left behind', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'differences-'))
  const [committed, fresh] = [join(scratch, 'committed'), join(scratch, 'fresh')]
  await write(committed, { 'a.ts': 'a', 'org/b.ts': 'edited', 'org/gone.ts': 'x' })
  await write(fresh, { 'a.ts': 'a', 'org/b.ts': 'b', 'org/new.ts': 'n' })
  expect(await differences(committed, fresh)).toEqual([
    'org/b.ts: out of date',
    'org/gone.ts: no lexicon makes this file any more',
    'org/new.ts: missing',
  ])
  expect(await differences(fresh, fresh)).toEqual([])
  await rm(scratch, { recursive: true })
})

async function write(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(join(folder, 'org'), { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}
