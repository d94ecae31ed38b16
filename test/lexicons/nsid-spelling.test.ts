import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { foreignCollections } from '@holdfast/lexicons/foreign'
import { canonicalAuthority } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'

const project = fileURLToPath(new URL('../..', import.meta.url))

// This matches `org.example.dataset`, and `org/example/…` in the path of a generated file.
const escaped = canonicalAuthority.replaceAll('.', '\\.')
const foreign = Object.values(foreignCollections).map((nsid) => nsid.replaceAll('.', '\\.'))
const spelled = new RegExp(
  `${escaped}\\.[a-zA-Z]|\\b${canonicalAuthority.replaceAll('.', '/')}\\b|${foreign.join('|')}`,
)

test('no NSID that we read or write is spelled outside lexicons/', async () => {
  const files = await sourceFiles()
  expect(files.length).toBeGreaterThan(50)
  const spellings = await Promise.all(files.map(spellingsIn))
  expect(spellings.flat()).toEqual([])
})

test('the search finds an NSID that is spelled out', () => {
  expect(`import '../${canonicalAuthority.replaceAll('.', '/')}/dataset.ts'`).toMatch(spelled)
  expect(`'${canonicalAuthority}.dataset'`).toMatch(spelled)
  expect(`'${foreignCollections.atdataEntry}'`).toMatch(spelled)
  expect(`HOLDFAST_AUTHORITIES=${canonicalAuthority}`).not.toMatch(spelled)
})

async function spellingsIn(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  return lines.flatMap((line, index) =>
    spelled.test(line)
      ? [`${relative(project, path)}:${index + 1}: take the name from @holdfast/lexicons/nsid`]
      : [],
  )
}

/** All files that are run or served. Documentation may use the names, and a bundle contains lexicons/ itself. */
async function sourceFiles(): Promise<string[]> {
  const skipped = ['.git', 'node_modules', 'docs', 'lexicons', 'data']
  const entries = await readdir(project, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory() && !skipped.includes(entry.name))
  const found = await Promise.all(folders.map((folder) => filesBelow(join(project, folder.name))))
  const roots = entries.filter((entry) => entry.isFile()).map((entry) => join(project, entry.name))
  return [...roots, ...found.flat()].filter(
    (path) => /\.([cm]?[jt]sx?|json|sql|html|css|sh|ya?ml)$/.test(path) && !path.endsWith('.min.js'),
  )
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found = await Promise.all(
    entries.map((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(path)
      return entry.isFile() ? [path] : []
    }),
  )
  return found.flat()
}
