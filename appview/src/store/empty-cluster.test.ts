import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { expect, onTestFinished, test } from 'vitest'
import { layEmptyCluster } from './empty-cluster.ts'

test('the empty database in the repository fits the installed PGlite', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  onTestFinished(() => rm(scratch, { recursive: true, force: true }))
  const directory = join(scratch, 'pglite')
  await layEmptyCluster(directory)
  // If this fails, run: node scripts/empty-cluster.ts
  expect(await readdir(scratch)).toEqual(['pglite'])
  await using pglite = await PGlite.create(directory)
  const { rows } = await pglite.query<{ n: number }>('SELECT count(*)::int AS n FROM pg_database')
  expect(rows).toEqual([{ n: 3 }])
})

test('leaves an existing directory as it is', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  onTestFinished(() => rm(scratch, { recursive: true, force: true }))
  await layEmptyCluster(scratch)
  expect(await readdir(scratch)).toEqual([])
})
