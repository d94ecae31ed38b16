import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** The text of a file in the repository, by its path from the root. */
export const read = (path: string): string => readFileSync(`${root}/${path}`, 'utf8')

/** Every document for people, by its path from the root. */
export const documents: readonly string[] = globSync('{*.md,docs/**/*.md,*/README.md,test/*/README.md}', {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
}).sort()
