import { globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = new URL('..', import.meta.url).pathname
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] }

describe.each(workspaces)('the package.json of %s', (workspace) => {
  const listed = JSON.parse(read(`${workspace}/package.json`)) as Record<string, Record<string, string>>
  const dependencies = Object.keys({ ...listed.dependencies, ...listed.optionalDependencies })
  const devDependencies = Object.keys(listed.devDependencies ?? {})
  const files = globSync(`${workspace}/**/*.{ts,mjs}`, { cwd: root, exclude: ['**/node_modules/**'] })
  const imports = files.flatMap((file) => importsOf(file, read(file)))

  test('lists as dependencies only what is loaded at run time', () => {
    const loaded = new Set(imports.filter(({ isRun }) => isRun).map(({ name }) => name))
    expect(dependencies.filter((name) => !loaded.has(name))).toEqual([])
  })

  test('lists for development only what is used there', () => {
    const used = new Set(imports.map(({ name }) => name))
    const isUsed = (name: string) => used.has(name) || used.has(name.replace(/^@types\//, ''))
    expect(devDependencies.filter((name) => !isUsed(name))).toEqual([])
  })

  test('lists every imported package', () => {
    const known = new Set([...dependencies, ...devDependencies, ...ofEveryTest])
    expect(imports.filter(({ name }) => !known.has(name))).toEqual([])
  })
})

/** The packages listed in the root's package.json. */
const ofEveryTest = ['vitest']

interface Import {
  readonly file: string
  readonly name: string
  /** Whether a package is imported at run time, and not only for its types or in a test. */
  readonly isRun: boolean
}

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(statement)].flatMap(([, names, fixed, dynamic]) => {
    const specifier = (fixed ?? dynamic)!
    if (/^[./#]/.test(specifier) || isBuiltin(specifier)) return []
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
    const isType = names !== undefined && /^type\s/.test(names)
    return [{ file, name, isRun: !isType && !/\.test\.ts$|\/test-[^/]+$|\.d\.ts$/.test(file) }]
  })
}

/** The imports and exports of a module, its imports at run time, and the files it resolves in order to read or serve them. */
const statement =
  /^(?:import|export)\s(?:([\w\s{},*$]+?)\sfrom\s)?['"]([^'"]+)['"]|\b(?:import|(?:require|meta|url\))\.resolve)\(\s*['"]([^'"]+)['"]/gm
