import { existsSync, globSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { documents, read, root } from './documents.ts'

const sources = globSync('{.dependency-cruiser.mjs,**/*.{ts,mjs}}', {
  cwd: root,
  exclude: (path) => /(?:^|\/)(?:node_modules|dist|data)(?:\/|$)/.test(path),
}).map((path) => `/${path}`)

test.each(documents)('every link of %s leads to something that exists', (path) => {
  const targets = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
  const dangling = targets.filter((target) => !/^[a-z]+:/.test(target) && !reaches(path, target))
  expect(dangling).toEqual([])
})

test.each(documents.filter((path) => path !== 'CHANGELOG.md'))('the modules that %s names exist', (path) => {
  const named = [...read(path).matchAll(/`([\w./@-]+\.(?:ts|mjs))`/g)].map(([, name]) => name!)
  const unknown = named.filter((name) => !sources.some((source) => source.endsWith(`/${name}`)))
  expect(unknown).toEqual([])
})

/** Whether a link in a document leads to an existing file, and its fragment to a heading. */
function reaches(from: string, target: string): boolean {
  const [file = '', fragment] = target.split('#')
  const path = file === '' ? from : posix.join(posix.dirname(from), file)
  if (!existsSync(`${root}/${path}`)) return false
  return fragment === undefined || anchorsOf(read(path)).includes(fragment)
}

/** The fragments that GitHub gives to the headings of a Markdown document. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
