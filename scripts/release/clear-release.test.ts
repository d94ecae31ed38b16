import { mkdtempDisposableSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clearRelease } from './clear-release.ts'

const earlier = ['SHA256SUMS', 'holdfast-cli-0.1.0.tgz', 'holdfast-cli-0.1.0.cdx.json']

test('what an earlier release left is removed', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'holdfast-release-'))
  for (const name of earlier) writeFileSync(join(folder.path, name), '')
  clearRelease(folder.path)
  expect(readdirSync(folder.path)).toEqual([])
})

test('a directory that holds anything else is left as it is', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'holdfast-release-'))
  const all = [...earlier, 'thesis.tex'].sort()
  for (const name of all) writeFileSync(join(folder.path, name), '')
  expect(() => clearRelease(folder.path)).toThrow('thesis.tex')
  expect(readdirSync(folder.path).sort()).toEqual(all)
})
